package dev.spillway.bench.measure;

import java.util.SortedMap;

/** Counts after the runs, which verify that the runs did what they measure. */
public record Check(String name, SortedMap<String, Long> counts) {}
