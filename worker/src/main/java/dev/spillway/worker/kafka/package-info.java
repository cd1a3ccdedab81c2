/** Kafka on the worker: reads orders and sends reports. The meaning of an order is decided elsewhere. */
@NullMarked
package dev.spillway.worker.kafka;

import org.jspecify.annotations.NullMarked;
