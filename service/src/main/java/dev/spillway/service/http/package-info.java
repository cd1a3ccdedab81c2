/**
 * The HTTP base of a service on vertx-web: routes over raw paths, handlers that may block, problems as answers, limits, streams in both directions.
 * Services use requests, responses and endpoints and not routing contexts, because handlers run on virtual threads and a routing context belongs to
 * its event loop. Routes are defined elsewhere.
 */
@NullMarked
package dev.spillway.service.http;

import org.jspecify.annotations.NullMarked;
