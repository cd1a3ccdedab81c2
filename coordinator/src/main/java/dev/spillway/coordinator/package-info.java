/**
 * The registry's service. Decisions are in the module {@code registry}. Each package below is an adapter named for what it talks to, and {@code
 * app} wires them. Nothing here depends on the worker.
 */
@NullMarked
package dev.spillway.coordinator;

import org.jspecify.annotations.NullMarked;
