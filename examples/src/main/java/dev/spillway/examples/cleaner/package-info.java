/**
 * An outside consumer of the eviction facts. It deletes the images of entries that belong to no host. It uses the events, Kafka and one
 * request to the coordinator, and nothing of Spillway's internals.
 */
@NullMarked
package dev.spillway.examples.cleaner;

import org.jspecify.annotations.NullMarked;
