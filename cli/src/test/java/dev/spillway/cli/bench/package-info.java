@NullMarked
package dev.spillway.cli.bench;

import org.jspecify.annotations.NullMarked;
