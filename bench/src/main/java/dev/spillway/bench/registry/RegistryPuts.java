package dev.spillway.bench.registry;

import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.RegistryUnavailableException;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Workers that register fresh keys with a full registry, each with a replica of its own. */
final class RegistryPuts implements Load {
    /** Sends one registration to the registry and waits for the answer, by whatever way. */
    @FunctionalInterface
    interface Way {
        /** @throws RegistryUnavailableException if it did not happen */
        ReplicaOutcome.Registered register(RegisterRequest request) throws Exception;
    }

    private final FilledRegistry stage;
    private final Way way;
    private final @Nullable Confirmations confirmations;
    private RowCounts before;

    private RegistryPuts(FilledRegistry stage, Way way, @Nullable Confirmations confirmations) {
        this.stage = stage;
        this.way = way;
        this.confirmations = confirmations;
        before = stage.counts();
    }

    /** By another way than the port. */
    static RegistryPuts by(Way way, FilledRegistry stage) {
        return new RegistryPuts(stage, way, null);
    }

    /** Through the port, in this process. */
    static RegistryPuts inProcess(FilledRegistry stage) {
        return new RegistryPuts(stage, request -> FilledRegistry.registered(stage.ask(request)), null);
    }

    /** As {@link #inProcess}, and every eviction is confirmed. For one run. */
    static RegistryPuts confirmed(FilledRegistry stage, Confirmations confirmations) {
        return new RegistryPuts(stage, request -> FilledRegistry.registered(stage.ask(request)), confirmations);
    }

    @Override
    public void prepare() {
        before = stage.counts();
    }

    @Override
    public MeasuredOperation caller(int number) {
        RandomGenerator random = new SplittableRandom();
        return () -> {
            RegisterRequest request = stage.register(FreshReplicas.mint(number, random));
            ReplicaOutcome.Registered registered;
            try {
                registered = way.register(request);
            } catch (RegistryUnavailableException e) {
                return MeasuredOperation.Outcome.REFUSED;
            }
            if (confirmations != null) {
                for (EvictedEntry evicted : registered.evicted()) {
                    confirmations.doomed(FreshReplicas.replica(evicted.key()));
                }
            }
            return MeasuredOperation.Outcome.DONE;
        };
    }

    @Override
    public void verify(long done) throws InterruptedException {
        if (confirmations != null) {
            confirmations.finish();
        }
        stage.counts()
                .requirePuts(
                        stage.database().name(),
                        before,
                        done,
                        confirmations == null ? TransactionPerPut.ROWS_LEFT : Confirmations.ROWS_LEFT,
                        stage.capacity());
    }
}
