/** HTTP of a worker. It turns requests into calls of the host, and their results into answers and problems. Nothing is decided here. */
@NullMarked
package dev.spillway.worker.http;

import org.jspecify.annotations.NullMarked;
