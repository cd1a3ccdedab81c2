/**
 * Stores of compiled artifacts by fingerprint. Each is thread-safe and bounded, and evicts the least recently used artifacts. The stores need no
 * worker and no fleet.
 */
@NullMarked
package dev.spillway.artifacts;

import org.jspecify.annotations.NullMarked;
