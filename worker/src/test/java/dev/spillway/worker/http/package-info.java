@NullMarked
package dev.spillway.worker.http;

import org.jspecify.annotations.NullMarked;
