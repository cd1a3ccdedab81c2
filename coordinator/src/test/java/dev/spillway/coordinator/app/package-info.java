@NullMarked
package dev.spillway.coordinator.app;

import org.jspecify.annotations.NullMarked;
