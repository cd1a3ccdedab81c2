/** Statements for PostgreSQL: scripts of one round trip, arrays in binary form, columns as values. Nothing here knows a table. */
@NullMarked
package dev.spillway.coordinator.postgres.statement;

import org.jspecify.annotations.NullMarked;
