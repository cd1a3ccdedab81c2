/**
 * Runs the pure core on a real host. One thread decides and writes the index; threads that may block carry out the rest. Directories are put, read
 * and deleted through here. HTTP, Kafka and the registry's client have packages of their own.
 */
@NullMarked
package dev.spillway.worker.host;

import org.jspecify.annotations.NullMarked;
