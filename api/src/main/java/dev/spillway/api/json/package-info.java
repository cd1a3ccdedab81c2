/** Reads JSON from outside into records, with errors that name the field, its value and the expectation. */
@NullMarked
package dev.spillway.api.json;

import org.jspecify.annotations.NullMarked;
