/**
 * The PostgreSQL and the Kafka broker that a test class runs against: embedded, or in a container if the class is annotated with
 * {@link dev.spillway.testservers.InContainers}; and a receiver of traces. For tests alone.
 */
@NullMarked
package dev.spillway.testservers;

import org.jspecify.annotations.NullMarked;
