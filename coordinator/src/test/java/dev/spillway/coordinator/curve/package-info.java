@NullMarked
package dev.spillway.coordinator.curve;

import org.jspecify.annotations.NullMarked;
