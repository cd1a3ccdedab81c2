/**
 * The registry on PostgreSQL: connections, transactions, migrations. It runs the decisions of the module {@code registry} and stores the changes
 * that they record. Nothing is decided here, and nothing here depends on HTTP or Kafka.
 */
@NullMarked
package dev.spillway.coordinator.postgres;

import org.jspecify.annotations.NullMarked;
