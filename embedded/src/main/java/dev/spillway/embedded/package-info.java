/**
 * A real PostgreSQL and a real Kafka broker for the development fleet and tests: started on a kept or a temporary
 * directory, bound to 127.0.0.1 alone, recovered after a crash, gone without a trace when closed. Nothing here knows
 * what Spillway stores in them: no schema, no topic, no setting of a service.
 */
@NullMarked
package dev.spillway.embedded;

import org.jspecify.annotations.NullMarked;
