package dev.spillway.bench;

/** Receives the next step of a benchmark. */
@FunctionalInterface
public interface Progress {
    void step(String line);
}
