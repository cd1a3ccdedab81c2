@NullMarked
package dev.spillway.bench.orders;

import org.jspecify.annotations.NullMarked;
