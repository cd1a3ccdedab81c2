/**
 * The registry's HTTP: the bodies and answers of the outer API as records, the routes that turn requests into commands and queries, and the messages
 * of workers. Nothing here decides what is stored or evicted, and nothing here depends on SQL or Kafka.
 */
@NullMarked
package dev.spillway.coordinator.http;

import org.jspecify.annotations.NullMarked;
