@NullMarked
package dev.spillway.bench.unlink;

import org.jspecify.annotations.NullMarked;
