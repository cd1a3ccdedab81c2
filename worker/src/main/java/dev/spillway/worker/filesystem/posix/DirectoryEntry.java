package dev.spillway.worker.filesystem.posix;

/**
 * An entry as a directory lists it.
 *
 * @param kind what the directory says the entry is; it may have been replaced since, so whoever opens it looks again
 */
public record DirectoryEntry(EntryName name, EntryKind kind) {}
