/**
 * The messages between a worker and a coordinator that need an answer, as records: what a worker asks, what the registry says. Rules about
 * them live in the two cores; this package only gives them their shape.
 */
@NullMarked
package dev.spillway.events.protocol;

import org.jspecify.annotations.NullMarked;
