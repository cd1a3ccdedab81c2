/**
 * Benchmarks: what there is to run, and how much of it. Each measures itself beside its baselines in one run on one machine. How measuring is
 * done is in {@code measure}; a benchmark has a package of its own.
 */
@NullMarked
package dev.spillway.bench;

import org.jspecify.annotations.NullMarked;
