/** The {@code artifacts} benchmark: stores of artifacts in memory and on disk, each beside what a service would otherwise use. */
@NullMarked
package dev.spillway.bench.artifacts;

import org.jspecify.annotations.NullMarked;
