/** The endpoints that every service has for operation: liveness, readiness, metrics, log levels and its OpenAPI description. */
@NullMarked
package dev.spillway.service.monitoring;

import org.jspecify.annotations.NullMarked;
