@NullMarked
package dev.spillway.bench.registry;

import org.jspecify.annotations.NullMarked;
