package dev.spillway.bench;

/** Receives the next step of a benchmark. */
@FunctionalInterface
public interface StepListener {
    void step(String line);
}
