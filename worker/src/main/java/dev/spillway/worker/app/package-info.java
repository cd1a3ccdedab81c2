/** A worker's settings and how its parts are put together, started and stopped. No other package knows this one. */
@NullMarked
package dev.spillway.worker.app;

import org.jspecify.annotations.NullMarked;
