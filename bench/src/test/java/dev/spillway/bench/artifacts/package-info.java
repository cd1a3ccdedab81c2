@NullMarked
package dev.spillway.bench.artifacts;

import org.jspecify.annotations.NullMarked;
