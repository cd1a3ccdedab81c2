/**
 * Runs the pure core on a real host. One thread decides and writes the index; threads that may block carry out the rest. Each cache has a package
 * of its own, and so have HTTP, Kafka and the client of the registry.
 */
@NullMarked
package dev.spillway.worker.host;

import org.jspecify.annotations.NullMarked;
