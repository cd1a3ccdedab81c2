/** HTTP from a worker to coordinators and other workers: its own messages, copies, and requests on behalf of its clients. Nothing is decided here. */
@NullMarked
package dev.spillway.worker.registry;

import org.jspecify.annotations.NullMarked;
