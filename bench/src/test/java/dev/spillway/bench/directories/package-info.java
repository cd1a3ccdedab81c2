@NullMarked
package dev.spillway.bench.directories;

import org.jspecify.annotations.NullMarked;
