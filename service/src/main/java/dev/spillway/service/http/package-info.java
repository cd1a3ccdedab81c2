/**
 * The HTTP base of a service on vertx-web: routes over raw paths, handlers that may block, problems as answers, limits, streams in both
 * directions. A service sees requests, responses and endpoints, because its handlers run on virtual threads, where a routing context does not
 * belong. No route is named here.
 */
@NullMarked
package dev.spillway.service.http;

import org.jspecify.annotations.NullMarked;
