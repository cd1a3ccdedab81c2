/**
 * The development fleet: servers, coordinator and workers in one process, for one machine. It wires and tells; what a part does is the part's.
 */
@NullMarked
package dev.spillway.dev;

import org.jspecify.annotations.NullMarked;
