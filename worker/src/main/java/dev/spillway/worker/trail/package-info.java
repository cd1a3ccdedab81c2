/**
 * Steps of single puts and orders on this host, as people follow them: in the log and as traces. Nothing here decides anything, and nothing waits
 * for it.
 */
@NullMarked
package dev.spillway.worker.trail;

import org.jspecify.annotations.NullMarked;
