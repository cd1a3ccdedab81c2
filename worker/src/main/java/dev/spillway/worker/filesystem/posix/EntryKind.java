package dev.spillway.worker.filesystem.posix;

import java.util.Locale;

/** The kind of a directory's entry. */
public enum EntryKind {
    DIRECTORY, REGULAR_FILE, SYMBOLIC_LINK, FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE, UNKNOWN;

    /** Returns the kind for the {@code d_type} of a directory entry, which has the values of a mode's type bits. */
    static EntryKind ofType(int type) {
        return switch (type) {
            case 1 -> FIFO;
            case 2 -> CHARACTER_DEVICE;
            case 4 -> DIRECTORY;
            case 6 -> BLOCK_DEVICE;
            case 8 -> REGULAR_FILE;
            case 10 -> SYMBOLIC_LINK;
            case 12 -> SOCKET;
            default -> UNKNOWN;
        };
    }

    static EntryKind ofMode(int mode) {
        return ofType(mode >>> 12 & 0xf);
    }

    /** Returns the kind in words, such as {@code block device}. */
    public String words() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
