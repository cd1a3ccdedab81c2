/**
 * Commands and their decisions. A decision reads rows through a transaction and records changes in it. Nothing here knows a store, a thread or a
 * clock.
 */
@NullMarked
package dev.spillway.registry.decide;

import org.jspecify.annotations.NullMarked;
