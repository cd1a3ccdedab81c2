package dev.spillway.worker.filesystem.posix;

import java.util.Locale;

/** The kind of a directory's entry. */
public enum EntryKind {
    DIRECTORY,
    REGULAR_FILE,
    SYMBOLIC_LINK,
    FIFO,
    SOCKET,
    CHARACTER_DEVICE,
    BLOCK_DEVICE,
    /** The character device 0/0, by which an upper layer of overlayfs hides a name of the layers below. */
    WHITEOUT,
    /** A directory of some file systems does not tell the kinds of its entries. */
    UNKNOWN;

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

    /** @param device the number of a device; unused for other kinds */
    static EntryKind ofMode(int mode, long device) {
        EntryKind kind = ofType(mode >>> 12 & 0xf);
        return kind == CHARACTER_DEVICE && device == 0 ? WHITEOUT : kind;
    }

    /** Returns the kind in words, such as {@code block device}. */
    public String words() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
