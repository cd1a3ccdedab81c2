/**
 * Typed settings of a service, read from the command line, the environment and a file, with every problem found at once. Services declare their
 * settings and build their own records from them.
 */
@NullMarked
package dev.spillway.service.settings;

import org.jspecify.annotations.NullMarked;
