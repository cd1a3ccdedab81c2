/** The command that runs benchmarks and prints what they found. What is measured, and how, is the module bench's. */
@NullMarked
package dev.spillway.dev.bench;

import org.jspecify.annotations.NullMarked;
