/**
 * A real PostgreSQL and a real Kafka broker for the development fleet and tests. They start on a kept or a temporary
 * directory, are bound to 127.0.0.1 alone, and recover after a crash. Nothing here knows what Spillway stores in them: no
 * schema, no topic, no setting of a service.
 */
@NullMarked
package dev.spillway.embedded;

import org.jspecify.annotations.NullMarked;
