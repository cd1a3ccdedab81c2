/**
 * The coordinator as a service: its settings, its parts wired by constructor and started in order, and its periodic work. Decisions and adapters live
 * in the other packages.
 */
@NullMarked
package dev.spillway.coordinator.app;

import org.jspecify.annotations.NullMarked;
