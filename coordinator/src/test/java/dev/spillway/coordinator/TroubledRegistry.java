package dev.spillway.coordinator;

import dev.spillway.registry.CommitUnknownException;
import dev.spillway.registry.IdempotencyKey;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryBusyException;
import dev.spillway.registry.RegistryQueries;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.store.Changes;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A registry whose storage can be made to fail, before a command or during its commit, at once or in the middle of a request of several commands.
 * Thread-safe.
 */
public final class TroubledRegistry implements Registry {
    public enum Trouble {
        NONE, BUSY, UNAVAILABLE, LOST_WHILE_COMMITTING
    }

    private final Registry registry;
    private final AtomicLong refusals = new AtomicLong();
    private Trouble trouble = Trouble.NONE;
    private int commandsBefore;

    public TroubledRegistry(Registry registry) {
        this.registry = registry;
    }

    public void now(Trouble begins) {
        after(0, begins);
    }

    /** Lets the trouble begin after this number of further commands. */
    public synchronized void after(int commands, Trouble begins) {
        commandsBefore = commands;
        trouble = begins;
    }

    /** Returns the number of failed calls. */
    public long refusals() {
        return refusals.get();
    }

    @Override
    public <A> A execute(Command<A> command) {
        return answer(() -> registry.execute(command));
    }

    @Override
    public <A> A executeOnce(IdempotencyKey key, Command.OfClient<A> command) {
        return answer(() -> registry.executeOnce(key, command));
    }

    private interface Execution<A> {
        A run();
    }

    private <A> A answer(Execution<A> execution) {
        return switch (forNext()) {
            case NONE -> execution.run();
            case BUSY -> throw new RegistryBusyException("waiting for db.internal:5432: 512");
            case UNAVAILABLE -> throw unavailable();
            case LOST_WHILE_COMMITTING -> {
                execution.run();
                throw new CommitUnknownException("connection to db.internal:5432 lost", new IllegalStateException("broken pipe"));
            }
        };
    }

    private synchronized Trouble forNext() {
        if (commandsBefore > 0) {
            commandsBefore--;
            return Trouble.NONE;
        }
        return trouble;
    }

    private synchronized boolean isUnavailable() {
        return commandsBefore == 0 && trouble == Trouble.UNAVAILABLE;
    }

    private RegistryUnavailableException unavailable() {
        refusals.incrementAndGet();
        return new RegistryUnavailableException("database at db.internal:5432: connection refused", new IllegalStateException("refused"));
    }

    @Override
    public RegistryQueries queries() {
        if (isUnavailable()) {
            throw unavailable();
        }
        return registry.queries();
    }

    @Override
    public void onCommit(Consumer<Changes.Wake> listener) {
        registry.onCommit(listener);
    }
}
