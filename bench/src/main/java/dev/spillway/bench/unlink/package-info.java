/**
 * The {@code unlink} benchmark: what readers of a host's images notice of trees that are deleted beside them, with the pace of a worker and without it.
 */
@NullMarked
package dev.spillway.bench.unlink;

import org.jspecify.annotations.NullMarked;
