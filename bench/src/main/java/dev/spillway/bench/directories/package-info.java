/** The benchmarks {@code directories} and {@code peers}: trees that are stored, deleted and taken from other hosts, beside cp, rm and tar. */
@NullMarked
package dev.spillway.bench.directories;

import org.jspecify.annotations.NullMarked;
