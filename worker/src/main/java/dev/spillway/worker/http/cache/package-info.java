/** Ways in which build tools ask the artifact cache, each with what it makes of a path and of a refusal. Nothing is decided here. */
@NullMarked
package dev.spillway.worker.http.cache;

import org.jspecify.annotations.NullMarked;
