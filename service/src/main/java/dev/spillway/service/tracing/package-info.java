/**
 * Traces by OpenTelemetry: when they are made, where they go, and which ids they have. Only this package knows the SDK; the others use its API.
 * No HTTP and no Kafka here.
 */
@NullMarked
package dev.spillway.service.tracing;

import org.jspecify.annotations.NullMarked;
