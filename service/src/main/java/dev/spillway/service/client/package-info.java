/** JSON over HTTP from one service to another, with outcomes that keep "not done" and "unknown" apart. */
@NullMarked
package dev.spillway.service.client;

import org.jspecify.annotations.NullMarked;
