/**
 * The coordinator as a service: its settings, its parts wired by constructor and started in order, and the work that it does by itself. What
 * the parts do is theirs.
 */
@NullMarked
package dev.spillway.coordinator.app;

import org.jspecify.annotations.NullMarked;
