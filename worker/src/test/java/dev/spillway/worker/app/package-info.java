@NullMarked
package dev.spillway.worker.app;

import org.jspecify.annotations.NullMarked;
