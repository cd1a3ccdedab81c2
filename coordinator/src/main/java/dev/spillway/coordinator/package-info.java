/**
 * The registry's service. All code is in the packages below: {@code core} is pure, each adapter is named for what it talks to, and {@code app} wires
 * them. Nothing here depends on the worker.
 */
@NullMarked
package dev.spillway.coordinator;

import org.jspecify.annotations.NullMarked;
