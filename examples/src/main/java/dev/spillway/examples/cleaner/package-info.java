/**
 * An outside consumer of the eviction facts: it deletes the images of entries that belong to no host. It knows the events, Kafka and one
 * read of the coordinator, and nothing of Spillway's inside.
 */
@NullMarked
package dev.spillway.examples.cleaner;

import org.jspecify.annotations.NullMarked;
