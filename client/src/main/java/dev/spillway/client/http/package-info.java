/**
 * JSON over HTTP/1.1 to coordinators and workers, with outcomes that distinguish "not done" from "unknown". Used by the library's own interfaces, the
 * command line and the worker.
 */
@NullMarked
package dev.spillway.client.http;

import org.jspecify.annotations.NullMarked;
