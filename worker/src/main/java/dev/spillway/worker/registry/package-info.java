/** How a worker talks to the coordinators over HTTP: its own messages, and what it passes on for its clients. Nothing is decided here. */
@NullMarked
package dev.spillway.worker.registry;

import org.jspecify.annotations.NullMarked;
