/**
 * Connections to Kafka: settings, the conversion between messages and records, and topics. The services define the content of messages and their
 * topics.
 */
@NullMarked
package dev.spillway.service.kafka;

import org.jspecify.annotations.NullMarked;
