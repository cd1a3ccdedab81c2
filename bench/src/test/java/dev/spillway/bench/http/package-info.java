@NullMarked
package dev.spillway.bench.http;

import org.jspecify.annotations.NullMarked;
