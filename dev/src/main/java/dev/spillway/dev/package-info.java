/**
 * The development fleet: servers, coordinator and workers in one process, for one machine. It only wires the parts and prints their addresses.
 */
@NullMarked
package dev.spillway.dev;

import org.jspecify.annotations.NullMarked;
