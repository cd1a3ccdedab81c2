/**
 * The list of benchmarks and the extent of their runs. Each benchmark measures Spillway and its baselines in one run on one machine. Methods of
 * measuring are in {@code measure}; each benchmark has a package of its own.
 */
@NullMarked
package dev.spillway.bench;

import org.jspecify.annotations.NullMarked;
