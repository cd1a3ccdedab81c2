package dev.spillway.worker.filesystem;

/**
 * What of an archive is believed. Images can be read, and their programs run, by every user of the host: a setuid bit in an archive that
 * anyone may send would make its sender root.
 */
public enum ArchiveTrust {
    /** Owners, setuid and setgid, capabilities, ACLs: as a peer of the fleet sends its own image. */
    EVERYTHING,
    /** Content, links, times, the modes without setuid and setgid, and attributes of users; all belongs to this process. */
    CONTENT
}
