/**
 * The parts that the coordinator and the worker share as services. This package starts and stops parts in order, waits for servers that become
 * available later, and computes delays between attempts. The packages below have settings, the HTTP base, identities, Kafka connections, logging,
 * monitoring and tracing. Nothing here depends on entries or replicas.
 */
@NullMarked
package dev.spillway.service;

import org.jspecify.annotations.NullMarked;
