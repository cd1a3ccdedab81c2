package dev.spillway.worker.filesystem.archive;

/**
 * The degree to which an archive's metadata is trusted. Every user of the host can read images and run their programs. A setuid bit in an archive
 * that anyone may send would make its sender root.
 */
public enum ArchiveTrust {
    /** Owners, setuid and setgid, capabilities, ACLs: as a peer of the fleet sends its own image. */
    EVERYTHING,
    /** Content, links, times, the modes without setuid and setgid, and attributes of users; all belongs to this process. */
    CONTENT
}
