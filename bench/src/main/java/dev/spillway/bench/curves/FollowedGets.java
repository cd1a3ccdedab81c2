package dev.spillway.bench.curves;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import dev.spillway.events.EntryName;
import dev.spillway.registry.Registry;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Gets of existing entries, all equally likely, with or without a receiver of the accesses. */
final class FollowedGets implements Load {
    private final Registry registry;
    private final List<EntryName> names;
    private final Runnable begin;

    /** @param begin starts or stops the receiving of accesses */
    FollowedGets(Registry registry, List<EntryName> names, Runnable begin) {
        this.registry = registry;
        this.names = names;
        this.begin = begin;
    }

    @Override
    public void prepare() {
        begin.run();
    }

    @Override
    public MeasuredOperation caller(int number) {
        RandomGenerator random = new SplittableRandom();
        return () -> {
            EntryName name = names.get(random.nextInt(names.size()));
            if (!(registry.execute(new Command.Get(name)) instanceof Outcomes.Getting.Hit)) {
                throw new BenchmarkFailedException("get of " + name + ": a miss (expected: a hit, nothing is evicted meanwhile)");
            }
            return MeasuredOperation.Outcome.DONE;
        };
    }

    @Override
    public void verify(long done) {}
}
