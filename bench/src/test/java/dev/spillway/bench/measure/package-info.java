@NullMarked
package dev.spillway.bench.measure;

import org.jspecify.annotations.NullMarked;
