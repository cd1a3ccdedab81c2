/**
 * The tables of the registry, each with its statements. Together they are the rows that decisions read and change. Transactions begin and end
 * elsewhere.
 */
@NullMarked
package dev.spillway.coordinator.postgres.table;

import org.jspecify.annotations.NullMarked;
