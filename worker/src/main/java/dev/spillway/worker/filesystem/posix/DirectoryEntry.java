package dev.spillway.worker.filesystem.posix;

/**
 * An entry as a directory lists it.
 *
 * @param kind kind that the directory listed; the entry may have been replaced since, so check it again once it is open
 */
public record DirectoryEntry(FileName name, EntryKind kind) {}
