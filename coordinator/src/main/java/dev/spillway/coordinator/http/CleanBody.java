package dev.spillway.coordinator.http;

/**
 * Says that everything in a namespace is to go.
 *
 * @param confirm the name of the namespace
 */
public record CleanBody(String confirm) {}
