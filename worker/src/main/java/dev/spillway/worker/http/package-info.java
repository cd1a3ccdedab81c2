/** A worker's outer surface: requests into calls of the host, what comes of them into answers and problems. Nothing is decided here. */
@NullMarked
package dev.spillway.worker.http;

import org.jspecify.annotations.NullMarked;
