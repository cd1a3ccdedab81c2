/** Stores the contents of artifacts on this host, under the ids of their replicas. */
@NullMarked
package dev.spillway.worker.artifacts;

import org.jspecify.annotations.NullMarked;
