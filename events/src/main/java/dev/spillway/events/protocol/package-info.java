/**
 * The messages between a worker and a coordinator that need an answer, as records: the worker's requests and the registry's answers. The two cores
 * have the rules; this package has the shapes alone.
 */
@NullMarked
package dev.spillway.events.protocol;

import org.jspecify.annotations.NullMarked;
