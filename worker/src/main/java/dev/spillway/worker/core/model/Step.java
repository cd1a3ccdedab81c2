package dev.spillway.worker.core.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The result of an input: changes to make durable together, then effects to carry out. If the process dies between the two, the next start finds the
 * effects again from the index.
 */
public record Step(List<IndexChange> changes, List<Effect> effects) {
    public static final Step NOTHING = new Step(List.of(), List.of());

    /** Gathers a step. */
    public static final class Builder {
        private final List<IndexChange> changes = new ArrayList<>();
        private final List<Effect> effects = new ArrayList<>();

        public void change(IndexChange change) {
            changes.add(change);
        }

        public void effect(Effect effect) {
            effects.add(effect);
        }

        public List<Effect> effects() {
            return effects;
        }

        public Step build() {
            return new Step(List.copyOf(changes), List.copyOf(effects));
        }
    }
}
