package dev.spillway.registry.model;

import dev.spillway.events.EntryName;

/** Names one generation of one entry. */
public record Holding(EntryName name, long generation) {}
