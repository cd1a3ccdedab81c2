/** The tokens that a registry knows. */
@NullMarked
package dev.spillway.coordinator.identity;

import org.jspecify.annotations.NullMarked;
