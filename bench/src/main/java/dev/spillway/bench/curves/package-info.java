/** Hit-rate curves beside exact stack distances, and beside reruns through the registry. */
@NullMarked
package dev.spillway.bench.curves;

import org.jspecify.annotations.NullMarked;
