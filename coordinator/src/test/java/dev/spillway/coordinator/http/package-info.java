@NullMarked
package dev.spillway.coordinator.http;

import org.jspecify.annotations.NullMarked;
