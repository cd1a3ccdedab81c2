/**
 * The registry's side of Kafka: orders and facts that are due are published, reports are taken. Everything here may happen twice and in any
 * order; what is true is decided in the registry alone, and nothing here knows SQL or HTTP.
 */
@NullMarked
package dev.spillway.coordinator.kafka;

import org.jspecify.annotations.NullMarked;
