package dev.spillway.bench.measure;

import java.util.SortedMap;

/** What was counted after the runs, to see that they did what they were measured for. */
public record Check(String name, SortedMap<String, Long> counts) {}
