/** The registry on a real PostgreSQL: held to the contract, compared with the reference model, and driven through forced interleavings. */
@NullMarked
package dev.spillway.coordinator.postgres;

import org.jspecify.annotations.NullMarked;
