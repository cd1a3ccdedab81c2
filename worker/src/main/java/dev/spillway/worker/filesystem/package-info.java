/**
 * Directory trees on this host's disk: copied or taken over into staging, published as images, moved to trash, unlinked, written and read
 * as tar. Every step survives a crash. It knows ids, paths and bytes; which image is wanted, by whom and for how long is decided
 * elsewhere, and no message, key or generation belongs here.
 */
@NullMarked
package dev.spillway.worker.filesystem;

import org.jspecify.annotations.NullMarked;
