/**
 * The HTTP base of a service: routes over raw paths, handlers that may block, problems as answers, limits, health, metrics, streams in both
 * directions. Vert.x does not leave this package: a service sees requests, responses and routes. No route of a service is named here.
 */
@NullMarked
package dev.spillway.service.http;

import org.jspecify.annotations.NullMarked;
