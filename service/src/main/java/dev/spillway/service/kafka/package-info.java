/**
 * Connections to Kafka: settings, the way a message becomes a record, topics. What the messages say, and which topic they go to, is for the
 * services.
 */
@NullMarked
package dev.spillway.service.kafka;

import org.jspecify.annotations.NullMarked;
