/**
 * Parameters and options that commands share: names, servers, limits, security. Each reads what a person typed, and refuses it with a reason.
 */
@NullMarked
package dev.spillway.cli.option;

import org.jspecify.annotations.NullMarked;
