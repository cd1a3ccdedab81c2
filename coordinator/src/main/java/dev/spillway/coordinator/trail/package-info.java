/**
 * The steps of each eviction in the log and as a trace, from the decision through the order to the report. Nothing here decides anything, and nothing
 * waits for it.
 */
@NullMarked
package dev.spillway.coordinator.trail;

import org.jspecify.annotations.NullMarked;
