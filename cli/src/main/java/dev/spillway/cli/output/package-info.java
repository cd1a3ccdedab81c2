/** Output for people and programs: tables, values with their units, lines for events. Nothing here sends a request. */
@NullMarked
package dev.spillway.cli.output;

import org.jspecify.annotations.NullMarked;
