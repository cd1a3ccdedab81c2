package dev.spillway.bench.measure;

/** A single number that is no line of the table. */
public record Figure(String name, double value, String unit) {}
