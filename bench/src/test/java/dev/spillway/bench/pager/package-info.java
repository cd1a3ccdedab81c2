@NullMarked
package dev.spillway.bench.pager;

import org.jspecify.annotations.NullMarked;
