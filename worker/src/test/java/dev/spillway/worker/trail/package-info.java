@NullMarked
package dev.spillway.worker.trail;

import org.jspecify.annotations.NullMarked;
