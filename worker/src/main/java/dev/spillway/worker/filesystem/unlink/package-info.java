/**
 * Deletion of directory trees, at a rate that leaves the disk to its readers. This package does not know why a tree goes.
 */
@NullMarked
package dev.spillway.worker.filesystem.unlink;

import org.jspecify.annotations.NullMarked;
