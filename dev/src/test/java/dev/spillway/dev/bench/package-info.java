@NullMarked
package dev.spillway.dev.bench;

import org.jspecify.annotations.NullMarked;
