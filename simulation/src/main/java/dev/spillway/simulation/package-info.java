/**
 * The protocol's real core code, worker and registry, under a simulated clock, network, broker and disk. All choices of a run come from its seed, so
 * a failing run can be repeated exactly.
 */
@NullMarked
package dev.spillway.simulation;

import org.jspecify.annotations.NullMarked;
