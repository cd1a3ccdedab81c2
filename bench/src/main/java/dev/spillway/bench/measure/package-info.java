/**
 * Measuring: callers in a closed loop, rounds and their medians, bars, the machine, the report. Nothing here knows what is measured.
 */
@NullMarked
package dev.spillway.bench.measure;

import org.jspecify.annotations.NullMarked;
