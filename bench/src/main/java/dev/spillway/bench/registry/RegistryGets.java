package dev.spillway.bench.registry;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import dev.spillway.events.EntryName;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Gets of existing entries, all equally likely, through the registry's port. */
final class RegistryGets implements Load {
    private final FilledRegistry stage;
    private final boolean touch;
    private List<EntryName> names = List.of();
    private long hitsBefore;

    private RegistryGets(FilledRegistry stage, boolean touch) {
        this.stage = stage;
        this.touch = touch;
    }

    /** Each get makes its entry the most recently used, exactly. */
    static RegistryGets touching(FilledRegistry stage) {
        return new RegistryGets(stage, true);
    }

    /** The entry with its replicas, and nothing changes. */
    static RegistryGets untouched(FilledRegistry stage) {
        return new RegistryGets(stage, false);
    }

    @Override
    public void prepare() {
        names = stage.names();
        hitsBefore = stage.hits();
    }

    @Override
    public MeasuredOperation caller(int number) {
        RandomGenerator random = new SplittableRandom();
        return () -> {
            EntryName name = names.get(random.nextInt(names.size()));
            try {
                if (!(touch ? stage.registry().execute(new Command.Get(name)) instanceof Outcomes.Getting.Hit
                        : stage.registry().queries().entry(name).isPresent())) {
                    throw new BenchmarkFailedException("get of " + name + ": a miss (expected: a hit, nothing is evicted meanwhile)");
                }
                return MeasuredOperation.Outcome.DONE;
            } catch (RegistryUnavailableException e) {
                return MeasuredOperation.Outcome.REFUSED;
            }
        };
    }

    @Override
    public void verify(long done) {
        // The names are released, because the long run measures the heap.
        names = List.of();
        long counted = stage.hits() - hitsBefore;
        long expected = touch ? done : 0;
        if (counted != expected) {
            throw new BenchmarkFailedException(
                    "hits of %s after %,d gets: %,d (expected: %,d)".formatted(stage.database().name(), done, counted, expected));
        }
    }
}
