/** Output for people and programs: tables, words for times and sizes, lines for events. Nothing here sends a request. */
@NullMarked
package dev.spillway.cli.output;

import org.jspecify.annotations.NullMarked;
