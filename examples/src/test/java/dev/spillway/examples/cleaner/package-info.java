/** One suite that every cleaner passes, against a real coordinator and broker. */
@NullMarked
package dev.spillway.examples.cleaner;

import org.jspecify.annotations.NullMarked;
