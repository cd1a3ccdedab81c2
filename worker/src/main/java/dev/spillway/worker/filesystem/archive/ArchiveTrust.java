package dev.spillway.worker.filesystem.archive;

/**
 * The degree to which an archive's metadata is trusted. Every user of the host can read images and run their programs. A setuid bit in an archive
 * that anyone may send would make its sender root.
 */
public enum ArchiveTrust {
    /** Owners, setuid and setgid bits, capabilities and access lists are kept, too: a peer of the fleet sends its own image. */
    EVERYTHING,
    /** Content, links, times, modes without setuid and setgid bits, and user attributes are kept. All files belong to the user of this process. */
    CONTENT
}
