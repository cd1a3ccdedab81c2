/**
 * Directory trees on this host's disk: staged, published as images, moved to the trash, unlinked, written and read as tar. Every step survives a
 * crash. This package knows ids, paths and bytes. Messages, keys and generations do not belong here; which image is wanted is decided elsewhere.
 */
@NullMarked
package dev.spillway.worker.filesystem;

import org.jspecify.annotations.NullMarked;
