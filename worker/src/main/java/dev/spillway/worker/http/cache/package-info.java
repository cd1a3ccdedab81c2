/** The protocols in which build tools use the artifact cache: the meaning of their paths, and the statuses of refusals. Nothing is decided here. */
@NullMarked
package dev.spillway.worker.http.cache;

import org.jspecify.annotations.NullMarked;
