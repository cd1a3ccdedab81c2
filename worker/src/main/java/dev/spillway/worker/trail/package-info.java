/**
 * Records the steps of single puts and orders on this host, in the log and as traces. Nothing here decides anything, and nothing waits for it.
 */
@NullMarked
package dev.spillway.worker.trail;

import org.jspecify.annotations.NullMarked;
