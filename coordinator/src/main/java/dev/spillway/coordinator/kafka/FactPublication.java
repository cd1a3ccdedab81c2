package dev.spillway.coordinator.kafka;

import dev.spillway.coordinator.trail.EvictionTrail;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.events.codec.Topics;
import dev.spillway.registry.Registry;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.store.Changes;
import dev.spillway.service.kafka.Message;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the fact of each eviction, keyed by namespace. A fact counts as published once Kafka has acknowledged it. After a crash before this is
 * recorded, the fact is published again, so delivery is at least once.
 */
record FactPublication(Registry registry, EventCodec codec, EvictionTrail trail) implements Publication<EvictionFact> {
    @Override
    public String name() {
        return "facts";
    }

    @Override
    public String topic() {
        return Topics.EVICTIONS;
    }

    @Override
    public boolean isLeftBy(Changes.Wake wake) {
        return wake.facts();
    }

    @Override
    public List<EvictionFact> claim(int most) {
        return registry.execute(new Command.ClaimFacts(most));
    }

    @Override
    public @Nullable String obstacle(EvictionFact fact) {
        return null;
    }

    @Override
    public Message message(EvictionFact fact) {
        return EventMessages.message(
                topic(),
                OptionalInt.empty(),
                fact.namespace().value(),
                codec.encode(fact).tracedBy(trail.traceparent(fact)));
    }

    @Override
    public void settle(List<EvictionFact> acknowledged, List<EvictionFact> unsent) {
        if (!acknowledged.isEmpty()) {
            registry.execute(new Command.FactsPublished(acknowledged.stream().map(EvictionFact::id).toList()));
        }
    }
}
