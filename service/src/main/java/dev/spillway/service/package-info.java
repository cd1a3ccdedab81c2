/**
 * What the coordinator and the worker share as services: settings, the HTTP base with problems, limits, health and metrics,
 * and Kafka connections. Nothing here knows what an entry or a replica means.
 */
@NullMarked
package dev.spillway.service;

import org.jspecify.annotations.NullMarked;
