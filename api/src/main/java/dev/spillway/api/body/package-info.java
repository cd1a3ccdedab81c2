/** The bodies and answers of the HTTP interfaces, as records that JSON is read into and written from. Nothing here decides anything. */
@NullMarked
package dev.spillway.api.body;

import org.jspecify.annotations.NullMarked;
