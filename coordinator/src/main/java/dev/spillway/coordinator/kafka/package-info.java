/**
 * The registry's side of Kafka. Publishes due orders and facts, and takes reports. Messages may be sent or read twice and in any order; only the
 * registry decides. Nothing here depends on SQL or HTTP.
 */
@NullMarked
package dev.spillway.coordinator.kafka;

import org.jspecify.annotations.NullMarked;
