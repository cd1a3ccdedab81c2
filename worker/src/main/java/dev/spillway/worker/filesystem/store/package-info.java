/**
 * The store of directory trees on this host's disk. Trees are staged, published as images, moved to the trash and unlinked, each under its id. Every
 * step survives a crash. This package knows no messages, keys or generations; other packages decide which images are wanted.
 */
@NullMarked
package dev.spillway.worker.filesystem.store;

import org.jspecify.annotations.NullMarked;
