package dev.spillway.bench.registry;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import dev.spillway.events.EntryName;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.events.protocol.TouchRequest.Used;
import dev.spillway.registry.RegistryUnavailableException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Local reads that hosts report in bulk. Each call is one message with {@link #ITEMS} entries, all equally likely. */
final class BulkTouches implements Load {
    static final int ITEMS = 500;

    private final FilledRegistry stage;
    private List<EntryName> names = List.of();
    private long hitsBefore;

    BulkTouches(FilledRegistry stage) {
        this.stage = stage;
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
            Set<EntryName> used = new LinkedHashSet<>();
            while (used.size() < ITEMS) {
                used.add(names.get(random.nextInt(names.size())));
            }
            try {
                stage.ask(
                        new TouchRequest(
                                stage.sender(number % FreshReplicas.HOSTS),
                                used.stream().map(name -> new Used(name, 1)).toList(),
                                List.of()));
                return MeasuredOperation.Outcome.DONE;
            } catch (RegistryUnavailableException e) {
                return MeasuredOperation.Outcome.REFUSED;
            }
        };
    }

    @Override
    public void verify(long done) {
        long counted = stage.hits() - hitsBefore;
        if (counted != done * ITEMS) {
            throw new BenchmarkFailedException(
                    "hits of %s after %,d messages: %,d (expected: %,d)".formatted(stage.database().name(), done, counted, done * ITEMS));
        }
    }
}
