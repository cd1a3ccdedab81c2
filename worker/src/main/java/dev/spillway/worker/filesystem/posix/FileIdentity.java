package dev.spillway.worker.filesystem.posix;

/**
 * One file of this machine, by whatever names it has. An inode number is used again once its file is gone, so two identities only say "the
 * same" while the file is there.
 *
 * @param device the file system: major number in the upper 32 bits, minor in the lower
 */
public record FileIdentity(long device, long inode) {}
