package dev.spillway.worker.core.model;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Kinds of properties that an archive or a directory has and its image lacks. Counted by entry. */
public enum NotKept {
    /** Access control lists that are not extended attributes, or that the store's file system does not take. The loss gives nobody more rights. */
    ACLS,
    /** Extended attributes of other kinds, such as labels of SELinux. */
    ATTRIBUTES,
    /** File capabilities. In an archive, they would let its sender give a program rights on this host. */
    CAPABILITIES,
    /** Flags of files, such as immutable. */
    FLAGS,
    /** Owner or group. */
    OWNERS,
    /** Bits that run a program as its owner or group, and the set-group-ID bit of a directory. */
    SETUID,
    /** Times of modification that the store's file system cannot represent. */
    TIMES,
    /** Attributes of the trusted class, which only root can read. */
    TRUSTED;

    /** Counts of kinds for people, such as {@code 2 acls, 1 owners}. */
    public static String words(Map<NotKept, Long> counts) {
        return counts.entrySet()
                .stream()
                .map(kind -> kind.getValue() + " " + kind.getKey().word())
                .sorted()
                .collect(Collectors.joining(", "));
    }

    /** Returns the name in answers and metrics. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
