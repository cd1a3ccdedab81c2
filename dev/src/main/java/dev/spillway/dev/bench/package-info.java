/** The command that runs benchmarks and prints their reports. The benchmarks themselves are in the module bench. */
@NullMarked
package dev.spillway.dev.bench;

import org.jspecify.annotations.NullMarked;
