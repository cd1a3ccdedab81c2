/**
 * Answers and failures that the packages of directory trees share, and the reserve of free space that each of their writes keeps. The store lies in
 * {@code store}; it uses {@code archive} and {@code unlink}, and all of these use {@code tree}. Nothing here knows any of them.
 */
@NullMarked
package dev.spillway.worker.filesystem;

import org.jspecify.annotations.NullMarked;
