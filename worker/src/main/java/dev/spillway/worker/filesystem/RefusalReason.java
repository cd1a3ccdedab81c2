package dev.spillway.worker.filesystem;

/** The reason why a tree or an archive was refused. */
public enum RefusalReason {
    /** A socket, FIFO or device in it. */
    SPECIAL_FILE,
    /** An entry that this process may not or cannot read. */
    UNREADABLE,
    /** Somebody wrote to the tree while it was read. */
    SOURCE_CHANGED,
    /** The store is in the tree, or the tree in a part of the store that is not for reading. */
    STORE_INSIDE,
    /** An archive's entry with an absolute path, {@code ..}, or a name that no directory can have. */
    BAD_PATH,
    /** An entry below something that is not a directory, such as a symbolic link, in an archive. */
    NOT_A_DIRECTORY,
    /** A hard link whose target is not an earlier file of the archive, or any link with a size. */
    BAD_LINK,
    /** More entries than allowed. */
    TOO_MANY_ENTRIES,
    /** A path longer than allowed. */
    PATH_TOO_LONG,
    /** The bytes are no archive, or end too early. */
    MALFORMED,
    /** An extended attribute that is too large for the store, or one in an archive with an ambiguous or impossible name or value. */
    BAD_ATTRIBUTE,
    /** Metadata of an archive's entry that is not kept, and may not be lost. */
    NOT_KEPT
}
