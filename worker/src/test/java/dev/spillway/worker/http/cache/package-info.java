@NullMarked
package dev.spillway.worker.http.cache;

import org.jspecify.annotations.NullMarked;
