/**
 * What this host does about single puts and orders, as people follow it: in the log and as traces. Nothing here decides anything, and nothing waits
 * for it.
 */
@NullMarked
package dev.spillway.worker.trail;

import org.jspecify.annotations.NullMarked;
