@NullMarked
package dev.spillway.coordinator.trail;

import org.jspecify.annotations.NullMarked;
