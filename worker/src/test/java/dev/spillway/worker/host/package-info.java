@NullMarked
package dev.spillway.worker.host;

import org.jspecify.annotations.NullMarked;
