/**
 * Pure decisions of the registry. Decisions read a transaction's view of the rows and record changes in it. Nothing here knows SQL, Kafka, HTTP,
 * threads or a clock. Storage is behind {@link dev.spillway.coordinator.core.Rows}.
 */
@NullMarked
package dev.spillway.coordinator.core;

import org.jspecify.annotations.NullMarked;
