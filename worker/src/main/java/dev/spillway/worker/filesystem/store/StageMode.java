package dev.spillway.worker.filesystem.store;

/** The way in which a source directory is taken. */
public enum StageMode {
    /** Copy the content, inside the kernel where it can: a file system that shares blocks may do so on its own. */
    COPY,
    /** Share blocks with the source where both lie on one file system that can (btrfs, XFS), else copy. */
    REFLINK,
    /** Take the source over: by rename where that is possible, else by a copy whose source is deleted once the image is registered. */
    MOVE
}
