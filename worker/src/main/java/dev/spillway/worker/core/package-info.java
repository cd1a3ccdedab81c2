/**
 * Pure decisions of a host. Each input (an answer, an order, a finished rename, the passing of time) gives index changes to make durable, and
 * effects to carry out after that. Nothing here knows files, RocksDB, Kafka, HTTP, threads or a clock.
 */
@NullMarked
package dev.spillway.worker.core;

import org.jspecify.annotations.NullMarked;
