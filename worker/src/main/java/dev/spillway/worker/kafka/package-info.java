/** How a worker talks to Kafka: orders come in, reports go out. What an order means is decided elsewhere. */
@NullMarked
package dev.spillway.worker.kafka;

import org.jspecify.annotations.NullMarked;
