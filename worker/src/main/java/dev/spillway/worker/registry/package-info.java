/** HTTP from a worker to the coordinators: its own messages, and requests that it forwards for its clients. Nothing is decided here. */
@NullMarked
package dev.spillway.worker.registry;

import org.jspecify.annotations.NullMarked;
