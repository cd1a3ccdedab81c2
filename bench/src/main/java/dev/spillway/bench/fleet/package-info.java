/**
 * What benchmarks of the registry share: databases of their own, and hosts that speak to it as workers do. Nothing here measures.
 */
@NullMarked
package dev.spillway.bench.fleet;

import org.jspecify.annotations.NullMarked;
