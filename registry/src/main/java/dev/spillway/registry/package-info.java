/**
 * Pure decisions of the registry. Decisions read a transaction's view of the rows and record changes in it. Nothing here knows SQL, Kafka, HTTP,
 * threads or a clock. Storage is behind {@link dev.spillway.registry.Rows}.
 */
@NullMarked
package dev.spillway.registry;

import org.jspecify.annotations.NullMarked;
