/**
 * The {@code orders} benchmark: what one host reads of the topic of orders, its own and what others share its partition.
 */
@NullMarked
package dev.spillway.bench.orders;

import org.jspecify.annotations.NullMarked;
