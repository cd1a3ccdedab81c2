/**
 * A real PostgreSQL and a real Kafka broker inside one process, for the development fleet and for tests. No production code
 * depends on it, and it knows nothing of entries or replicas.
 */
@NullMarked
package dev.spillway.embedded;

import org.jspecify.annotations.NullMarked;
