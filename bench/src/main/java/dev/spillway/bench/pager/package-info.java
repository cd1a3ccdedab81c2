/** The {@code pager} benchmark: pages read and written beside a copy of memory, captures beside {@code cp}, restores beside a read of the same bytes. */
@NullMarked
package dev.spillway.bench.pager;

import org.jspecify.annotations.NullMarked;
