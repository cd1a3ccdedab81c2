/**
 * The registry's side of Kafka. Publishes due orders and facts, and takes reports. Everything here may happen twice and in any order; only the
 * registry decides. Nothing here knows SQL or HTTP.
 */
@NullMarked
package dev.spillway.coordinator.kafka;

import org.jspecify.annotations.NullMarked;
