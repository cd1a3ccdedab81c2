package dev.spillway.service.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import java.util.Set;
import java.util.concurrent.ExecutorService;

/**
 * What all exchanges of a service share.
 *
 * @param service its name, as clients are told it
 * @param threads where handlers run; shut down when the service stops
 * @param eventSources threads that send events, to be interrupted when the service stops
 */
record Shared(String service, Vertx vertx, RouteTable routes, ObjectMapper json, HttpLimits limits, Gate requests, Gate streams,
        ExecutorService threads,
        Set<Thread> eventSources,
        MeterRegistry registry) {}
