/**
 * The few Linux calls that a tree store needs and {@code java.nio} does not offer, each with types of its own. Directories and files are open
 * descriptors, names are bytes, and entries are never looked up through a symbolic link. Nothing here knows of stores, images or copies. Nothing
 * outside this package sees a descriptor's number, a flag or a struct.
 */
@NullMarked
package dev.spillway.worker.filesystem.posix;

import org.jspecify.annotations.NullMarked;
