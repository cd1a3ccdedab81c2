/**
 * The few Linux calls that a tree store needs and {@code java.nio} does not offer, each with types of its own: directories and files by
 * descriptor, names as bytes, entries that are never looked up through a symbolic link. Nothing here knows what a store, an image or a
 * copy is, and nothing outside this package sees a number of an open file, a flag or a struct.
 */
@NullMarked
package dev.spillway.worker.filesystem.posix;

import org.jspecify.annotations.NullMarked;
