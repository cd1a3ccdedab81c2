/**
 * Hit rates that a namespace would have at other sizes, estimated from a sample of its keys. Nothing here knows SQL, HTTP, threads or a clock.
 */
@NullMarked
package dev.spillway.coordinator.curve;

import org.jspecify.annotations.NullMarked;
