package dev.spillway.coordinator.postgres;

import dev.spillway.registry.IdempotencyKey;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.store.Changes;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/** Two coordinators on one database, so that commands can meet that one coordinator alone would put into one batch. */
final class TwoCoordinators implements Registry {
    private final PostgresRegistry first;
    private final PostgresRegistry second;
    private final ThreadLocal<Boolean> atSecond = ThreadLocal.withInitial(() -> false);

    TwoCoordinators(PostgresRegistry first, TestDatabase database) {
        this(first, database, RegistryRules.DEFAULTS);
    }

    TwoCoordinators(PostgresRegistry first, TestDatabase database, RegistryRules rules) {
        this.first = first;
        second = database.open(rules);
    }

    /** The same work, but what its thread asks is asked of the second. */
    <T> Callable<T> atSecond(Callable<T> work) {
        return () -> {
            atSecond.set(true);
            try {
                return work.call();
            } finally {
                atSecond.remove();
            }
        };
    }

    long conflicts() {
        return first.figures().conflicts() + second.figures().conflicts();
    }

    private PostgresRegistry here() {
        return atSecond.get() ? second : first;
    }

    @Override
    public <A> A execute(Command<A> command) {
        return here().execute(command);
    }

    @Override
    public <A> A executeOnce(IdempotencyKey key, Command.OfClient<A> command) {
        return here().executeOnce(key, command);
    }

    @Override
    public RegistryQueries queries() {
        return here().queries();
    }

    @Override
    public void onCommit(Consumer<Changes.Wake> listener) {
        first.onCommit(listener);
        second.onCommit(listener);
    }
}
