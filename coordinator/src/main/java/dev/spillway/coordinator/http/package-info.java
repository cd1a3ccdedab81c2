/**
 * The registry over HTTP: the routes that turn requests into commands and queries, and the messages of workers. Bodies and answers are in {@code
 * api}. Nothing here decides what is stored or evicted, and nothing here depends on SQL or Kafka.
 */
@NullMarked
package dev.spillway.coordinator.http;

import org.jspecify.annotations.NullMarked;
