/**
 * Runs the cores of coordinator and workers against each other under seeded loss, duplication, reordering, delay and crashes,
 * and checks the invariants after each step. No real time, threads, files or sockets.
 */
@NullMarked
package dev.spillway.simulation;

import org.jspecify.annotations.NullMarked;
