package dev.spillway.worker.core;

import java.util.Locale;

/** What an archive says of its entries and an image does not have. Counted by entry. */
public enum NotKept {
    /** Access control lists that are not extended attributes, or that the store's file system does not take. */
    ACLS,
    /** Extended attributes of other kinds, such as labels of SELinux. */
    ATTRIBUTES,
    /** File capabilities, which would let whoever sends an archive give a program rights on this host. */
    CAPABILITIES,
    /** Flags of files, such as immutable. */
    FLAGS,
    /** Owner or group. */
    OWNERS,
    /** Bits that run a program as its owner or group, and the set-group-ID bit of a directory. */
    SETUID,
    /** Times of modification that the store's file system cannot hold. */
    TIMES,
    /** Attributes of the trusted class, which only root can read. */
    TRUSTED;

    /** As answers and metrics have it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
