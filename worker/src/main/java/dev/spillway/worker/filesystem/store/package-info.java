/**
 * The store of directory trees on this host's disk. Trees are staged, published as images, moved to the trash and unlinked, each under its id. Every
 * step survives a crash. Messages, keys and generations do not belong here; which image is wanted is decided elsewhere.
 */
@NullMarked
package dev.spillway.worker.filesystem.store;

import org.jspecify.annotations.NullMarked;
