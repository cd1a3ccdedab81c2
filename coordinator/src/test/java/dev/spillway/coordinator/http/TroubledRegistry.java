package dev.spillway.coordinator.http;

import dev.spillway.coordinator.core.Changes;
import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.IdempotencyKey;
import dev.spillway.coordinator.core.OutcomeUnknownException;
import dev.spillway.coordinator.core.Registry;
import dev.spillway.coordinator.core.RegistryQueries;
import dev.spillway.coordinator.core.RegistryUnavailableException;
import java.util.function.Consumer;

/** A registry whose storage can be taken away: before a command is carried out, or while its commit is under way. */
final class TroubledRegistry implements Registry {
    enum Trouble {
        NONE, UNAVAILABLE, LOST_WHILE_COMMITTING
    }

    private final Registry registry;
    private volatile Trouble trouble = Trouble.NONE;

    TroubledRegistry(Registry registry) {
        this.registry = registry;
    }

    void now(Trouble begins) {
        trouble = begins;
    }

    @Override
    public <A> A execute(Command<A> command) {
        return answer(() -> registry.execute(command));
    }

    @Override
    public <A> A executeOnce(IdempotencyKey key, Command<A> command) {
        return answer(() -> registry.executeOnce(key, command));
    }

    private interface Execution<A> {
        A run();
    }

    private <A> A answer(Execution<A> execution) {
        return switch (trouble) {
            case NONE -> execution.run();
            case UNAVAILABLE -> throw unavailable();
            case LOST_WHILE_COMMITTING -> {
                execution.run();
                throw new OutcomeUnknownException("connection to db.internal:5432 lost", new IllegalStateException("broken pipe"));
            }
        };
    }

    private static RegistryUnavailableException unavailable() {
        return new RegistryUnavailableException("database at db.internal:5432: connection refused", new IllegalStateException("refused"));
    }

    @Override
    public RegistryQueries queries() {
        if (trouble == Trouble.UNAVAILABLE) {
            throw unavailable();
        }
        return registry.queries();
    }

    @Override
    public void onCommit(Consumer<Changes.Wake> listener) {
        registry.onCommit(listener);
    }
}
