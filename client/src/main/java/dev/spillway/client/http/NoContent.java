package dev.spillway.client.http;

/** An answer whose body says nothing more than its status. */
public record NoContent() {}
