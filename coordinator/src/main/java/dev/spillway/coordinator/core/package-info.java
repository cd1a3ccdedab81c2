/**
 * Pure decisions of the registry. Commands take a transaction's view of the rows and leave the changes. Nothing here knows SQL, Kafka, HTTP, threads
 * or a clock. Storage comes in through {@link dev.spillway.coordinator.core.Rows}.
 */
@NullMarked
package dev.spillway.coordinator.core;

import org.jspecify.annotations.NullMarked;
