/**
 * The fleet as its users meet it: real processes, real servers, real directory trees, and the command line. Whatever is checked is looked at
 * from outside: over HTTP, on the disks, on Kafka's topics.
 */
@NullMarked
package dev.spillway.dev.fleet;

import org.jspecify.annotations.NullMarked;
