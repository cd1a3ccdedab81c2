package dev.spillway.events;

import java.util.SortedMap;

/**
 * An event as Kafka carries it: CloudEvents 1.0 in binary mode, attributes as headers with the prefix {@code ce_}, the JSON as the
 * body.
 */
public record EventMessage(SortedMap<String, String> headers, String json) {}
