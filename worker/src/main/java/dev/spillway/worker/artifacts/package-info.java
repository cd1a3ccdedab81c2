/** Keeps the contents of artifacts, by the ids of their replicas. */
@NullMarked
package dev.spillway.worker.artifacts;

import org.jspecify.annotations.NullMarked;
