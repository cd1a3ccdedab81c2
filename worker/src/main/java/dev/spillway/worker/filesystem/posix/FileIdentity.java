package dev.spillway.worker.filesystem.posix;

/**
 * Identifies one file of this machine, whatever its names. An inode number is used again once its file is gone, so two equal identities mean the same
 * file only while it exists.
 *
 * @param device the file system: major number in the upper 32 bits, minor in the lower
 */
public record FileIdentity(long device, long inode) {}
