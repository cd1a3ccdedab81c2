@NullMarked
package dev.spillway.artifacts;

import org.jspecify.annotations.NullMarked;
