/**
 * The parts that benchmarks of the registry share: databases, and hosts that send messages as workers do. Nothing here measures.
 */
@NullMarked
package dev.spillway.bench.fleet;

import org.jspecify.annotations.NullMarked;
