package dev.spillway.client.http;

/** Stands for the body of an answer of which only the status matters. */
public record NoContent() {}
