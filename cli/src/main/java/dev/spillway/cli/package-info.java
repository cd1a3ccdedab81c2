/**
 * The {@code spillway} command: parses arguments, starts services or talks HTTP to them, prints for people or programs. No
 * rules of the registry or of a store live here.
 */
@NullMarked
package dev.spillway.cli;

import org.jspecify.annotations.NullMarked;
