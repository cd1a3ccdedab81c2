@NullMarked
package dev.spillway.coordinator;

import org.jspecify.annotations.NullMarked;
