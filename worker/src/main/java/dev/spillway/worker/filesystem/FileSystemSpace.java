package dev.spillway.worker.filesystem;

/**
 * Room of a file system: bytes, and inodes, of which each file takes one. A file system without a fixed number of inodes says 0 for both.
 *
 * @param freeBytes  bytes that this process may still write
 * @param freeInodes files that this process may still make
 */
public record FileSystemSpace(long freeBytes, long bytes, long freeInodes, long inodes) {}
