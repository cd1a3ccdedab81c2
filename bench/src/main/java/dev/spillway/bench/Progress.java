package dev.spillway.bench;

/** Hears what a benchmark is about to do. */
@FunctionalInterface
public interface Progress {
    void step(String line);
}
