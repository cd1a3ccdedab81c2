package dev.spillway.registry;

import dev.spillway.events.EntryName;

/** Names one generation of one entry. */
public record Holding(EntryName name, long generation) {}
