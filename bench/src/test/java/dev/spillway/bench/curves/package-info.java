@NullMarked
package dev.spillway.bench.curves;

import org.jspecify.annotations.NullMarked;
