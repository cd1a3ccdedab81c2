/**
 * The layering of the whole source tree, checked here because the command line is the one module that sees all others.
 */
@NullMarked
package dev.spillway.dev.layering;

import org.jspecify.annotations.NullMarked;
