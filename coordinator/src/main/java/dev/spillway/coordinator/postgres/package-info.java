/**
 * The registry on PostgreSQL: rows, locks, transactions, migrations. It runs the decisions of the core and stores what they leave; nothing is
 * decided here, and nothing here knows HTTP or Kafka.
 */
@NullMarked
package dev.spillway.coordinator.postgres;

import org.jspecify.annotations.NullMarked;
