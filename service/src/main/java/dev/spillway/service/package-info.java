/**
 * What the coordinator and the worker share as services: here, starting parts in order and stopping them, waiting for servers that come up
 * later, and delays between attempts; below, settings, the HTTP base, its client, JSON at the edge and Kafka connections. Nothing here
 * knows what an entry or a replica means.
 */
@NullMarked
package dev.spillway.service;

import org.jspecify.annotations.NullMarked;
