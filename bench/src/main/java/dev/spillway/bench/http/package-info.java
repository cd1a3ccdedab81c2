/** The {@code http} benchmark: requests to both services beside a bare vertx-web handler, archives beside a copy of the same bytes, and the start of commands. */
@NullMarked
package dev.spillway.bench.http;

import org.jspecify.annotations.NullMarked;
