package dev.spillway.worker.filesystem.posix;

/**
 * An entry as a directory lists it.
 *
 * @param kind kind as the directory says; the entry may have been replaced since, so look again when it is open
 */
public record DirectoryEntry(EntryName name, EntryKind kind) {}
