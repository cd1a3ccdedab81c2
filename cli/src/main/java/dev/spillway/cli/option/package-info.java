/**
 * Parameters and options that commands share: names, values, servers, limits, security. What a person typed is checked here and refused with a
 * reason. Requests go through {@code Server}.
 */
@NullMarked
package dev.spillway.cli.option;

import org.jspecify.annotations.NullMarked;
