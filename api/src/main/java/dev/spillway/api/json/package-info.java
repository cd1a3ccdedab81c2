/** JSON that comes from outside: read into records, with errors that name the field, its value and what was expected. */
@NullMarked
package dev.spillway.api.json;

import org.jspecify.annotations.NullMarked;
