/**
 * The registry as its callers see it: it takes commands and answers queries. Rows are in {@code model} and {@code plan}, records of what happened
 * in {@code trail}, the ports of storage in {@code store}, commands and decisions in {@code decide}. Nothing here knows SQL, Kafka, HTTP, threads
 * or a clock.
 */
@NullMarked
package dev.spillway.registry;

import org.jspecify.annotations.NullMarked;
