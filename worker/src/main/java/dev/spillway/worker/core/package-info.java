/**
 * What a host decides, purely: each input (an answer, an order, a finished rename, the passing of time) gives the index changes to make durable
 * and the effects to carry out after that. Nothing here knows files, RocksDB, Kafka, HTTP, threads or a clock.
 */
@NullMarked
package dev.spillway.worker.core;

import org.jspecify.annotations.NullMarked;
