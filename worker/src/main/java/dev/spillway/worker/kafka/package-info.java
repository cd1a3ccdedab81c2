/** Kafka on the worker: reads orders and sends reports. The core decides what an order does. */
@NullMarked
package dev.spillway.worker.kafka;

import org.jspecify.annotations.NullMarked;
