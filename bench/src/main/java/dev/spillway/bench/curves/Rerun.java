package dev.spillway.bench.curves;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.Registry;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.PolicyChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A trace that is read through a registry, where each miss is followed by the put of its key. */
final class Rerun {
    /** Number of callers at once. One caller does all reads of a key, so that a put comes before the next read of its key. */
    private static final int CALLERS = 64;

    private Rerun() {}

    /** Returns the hit rate of a namespace with this many entries, as the registry counted it. */
    static double hitRate(Registry registry, NamespaceName namespace, EvictionPolicy policy, Trace trace, long maxEntries)
            throws InterruptedException {
        registry.execute(new Command.SetPolicy(namespace, maxEntries, null, null));
        registry.execute(new Command.SetPolicy(namespace, PolicyChange.ofEvictionPolicy(policy)));
        List<Future<?>> ends = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int caller = 0; caller < CALLERS; caller++) {
                int own = caller;
                ends.add(threads.submit(() -> {
                    for (int read = 0; read < trace.reads(); read++) {
                        if (trace.key(read) % CALLERS == own) {
                            read(registry, namespace, trace, trace.key(read));
                        }
                    }
                }));
            }
            for (Future<?> end : ends) {
                end.get();
            }
        } catch (ExecutionException e) {
            throw new BenchmarkFailedException("reading the trace: " + e.getCause(), e);
        }
        var figures = registry.queries().namespace(namespace).orElseThrow();
        if (figures.hits() + figures.misses() != trace.reads()) {
            throw new BenchmarkFailedException(
                    "reads of %s: %,d (expected: %,d)".formatted(namespace, figures.hits() + figures.misses(), trace.reads()));
        }
        return (double) figures.hits() / trace.reads();
    }

    static EntryName name(NamespaceName namespace, int key) {
        return new EntryName(namespace, new EntryKey("key-" + key));
    }

    /** Returns a description with a cost between 1 and 1,000 seconds, uniform in its logarithm. */
    private static Description costing(int key) {
        double seconds = Math.pow(1_000, new SplittableRandom(key).nextDouble());
        return new Description("", new TreeMap<>(Map.of(Description.REBUILD_SECONDS, Double.toString(seconds))));
    }

    private static void read(Registry registry, NamespaceName namespace, Trace trace, int key) {
        EntryName name = name(namespace, key);
        if (registry.execute(new Command.Get(name)) instanceof Outcomes.Getting.Miss && !(registry.execute(
                new Command.Put(name, new SnapshotId("image-" + key), trace.size(key), costing(key))) instanceof Outcomes.Putting.Stored)) {
            throw new BenchmarkFailedException("put of " + name + ": refused (expected: stored)");
        }
    }
}
