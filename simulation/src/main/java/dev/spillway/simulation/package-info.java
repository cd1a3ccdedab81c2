/**
 * The protocol's real core code, worker and registry, under a simulated clock, network, broker and disk. One seed is one run: every choice comes
 * from it, so a run that fails can be repeated to the letter.
 */
@NullMarked
package dev.spillway.simulation;

import org.jspecify.annotations.NullMarked;
