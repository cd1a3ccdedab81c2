/**
 * Answers and failures that the packages below share, and the reserve of free space that all of them respect. The store lies in {@code store}; it
 * uses {@code archive} and {@code unlink}, and these three use {@code tree}. This package uses none of them.
 */
@NullMarked
package dev.spillway.worker.filesystem;

import org.jspecify.annotations.NullMarked;
