package dev.spillway.worker.filesystem;

/** Why a tree or an archive was not taken. */
public enum RefusalReason {
    /** A socket, FIFO or device in it. */
    SPECIAL_FILE,
    /** Something in it that this process may not or cannot read. */
    UNREADABLE,
    /** Somebody wrote to the tree while it was read. */
    SOURCE_CHANGED,
    /** The store is in the tree, or the tree in a part of the store that is not for reading. */
    STORE_INSIDE,
    /** An archive's entry with an absolute path, {@code ..}, or a name that no directory can have. */
    BAD_PATH,
    /** An archive's entry below something that is not a directory, such as a symbolic link. */
    NOT_A_DIRECTORY,
    /** An archive's hard link to what is not a file before it in the archive. */
    BAD_LINK,
    /** More entries than allowed. */
    TOO_MANY_ENTRIES,
    /** A path longer than allowed. */
    PATH_TOO_LONG,
    /** The bytes are no archive, or end too early. */
    MALFORMED,
    /** An archive's extended attribute whose name or value cannot be told, or that no file can have. */
    BAD_ATTRIBUTE,
    /** Something of an archive's entry that is not kept, and may not be lost. */
    NOT_KEPT
}
