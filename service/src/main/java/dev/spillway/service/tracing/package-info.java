/**
 * Traces by OpenTelemetry: their creation, their receiver and their ids. Only this package depends on the SDK; the others use the API. Nothing here
 * depends on HTTP or Kafka.
 */
@NullMarked
package dev.spillway.service.tracing;

import org.jspecify.annotations.NullMarked;
