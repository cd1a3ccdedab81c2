package dev.spillway.coordinator.http;

import dev.spillway.coordinator.core.Changes;
import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.IdempotencyKey;
import dev.spillway.coordinator.core.OutcomeUnknownException;
import dev.spillway.coordinator.core.Registry;
import dev.spillway.coordinator.core.RegistryBusyException;
import dev.spillway.coordinator.core.RegistryQueries;
import dev.spillway.coordinator.core.RegistryUnavailableException;
import java.util.function.Consumer;

/** A registry that carries out so many commands and stops then, in the middle of a request that has more of them. */
final class StoppingRegistry implements Registry {
    enum Stop {
        BUSY, UNAVAILABLE, LOST_WHILE_COMMITTING
    }

    private final Registry registry;
    private Stop stop = Stop.BUSY;
    private int left = Integer.MAX_VALUE;

    StoppingRegistry(Registry registry) {
        this.registry = registry;
    }

    synchronized void after(int commands, Stop begins) {
        stop = begins;
        left = commands;
    }

    synchronized void goOn() {
        left = Integer.MAX_VALUE;
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

    private synchronized <A> A answer(Execution<A> execution) {
        if (left > 0) {
            left--;
            return execution.run();
        }
        if (stop == Stop.LOST_WHILE_COMMITTING) {
            execution.run();
        }
        throw stopped();
    }

    private RuntimeException stopped() {
        return switch (stop) {
            case BUSY -> new RegistryBusyException("waiting for db.internal:5432: 512");
            case UNAVAILABLE -> new RegistryUnavailableException("db.internal:5432: connection refused", new IllegalStateException("no"));
            case LOST_WHILE_COMMITTING ->
                    new OutcomeUnknownException("connection to db.internal:5432 lost", new IllegalStateException("broken pipe"));
        };
    }

    @Override
    public synchronized RegistryQueries queries() {
        if (left == 0 && stop == Stop.UNAVAILABLE) {
            throw stopped();
        }
        return registry.queries();
    }

    @Override
    public void onCommit(Consumer<Changes.Wake> listener) {
        registry.onCommit(listener);
    }
}
