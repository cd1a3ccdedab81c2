/**
 * The contract of every registry, whatever its storage, and the tests of the in-memory registry against it. Nothing here depends on SQL, Kafka or
 * HTTP.
 */
@NullMarked
package dev.spillway.registry;

import org.jspecify.annotations.NullMarked;
