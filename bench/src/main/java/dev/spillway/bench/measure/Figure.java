package dev.spillway.bench.measure;

/** A single number beside the table. */
public record Figure(String name, double value, String unit) {}
