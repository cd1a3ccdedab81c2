@NullMarked
package dev.spillway.coordinator.kafka;

import org.jspecify.annotations.NullMarked;
