/**
 * JSON over HTTP/1.1 to coordinators and workers, with outcomes that keep "not done" and "unknown" apart. Used by the library's own interfaces, by
 * the command line and between the services.
 */
@NullMarked
package dev.spillway.client.http;

import org.jspecify.annotations.NullMarked;
