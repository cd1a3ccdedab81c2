/**
 * Stores of compiled artifacts by fingerprint. Each is thread-safe and bounded, and evicts what was used least recently. The stores of this module need
 * no worker and no fleet.
 */
@NullMarked
package dev.spillway.artifacts;

import org.jspecify.annotations.NullMarked;
