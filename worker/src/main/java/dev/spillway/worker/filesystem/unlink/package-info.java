/**
 * Deletion of directory trees, at a limited rate, so that readers can use the disk. This package does not know why a tree is deleted.
 */
@NullMarked
package dev.spillway.worker.filesystem.unlink;

import org.jspecify.annotations.NullMarked;
