/** The tokens of a registry, and the secret from which the keys of its hosts are derived. */
@NullMarked
package dev.spillway.coordinator.identity;

import org.jspecify.annotations.NullMarked;
