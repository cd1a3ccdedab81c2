/**
 * Runs the pure core on a real host: one thread decides, writes the index and then lets everything else be carried out on threads that may
 * block. Directories are put, read and deleted through here. What is said over HTTP, Kafka and to the registry is in the packages beside it.
 */
@NullMarked
package dev.spillway.worker.host;

import org.jspecify.annotations.NullMarked;
