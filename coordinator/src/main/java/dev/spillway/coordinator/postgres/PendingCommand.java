package dev.spillway.coordinator.postgres;

import dev.spillway.registry.IdempotencyKey;
import dev.spillway.registry.decide.Command;
import dev.spillway.service.tracing.RequestScope;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command with a waiting caller.
 *
 * @param <A> the answer
 */
public final class PendingCommand<A> extends Pending<A> {
    private final @Nullable IdempotencyKey key;
    private final Command<A> command;
    private final @Nullable RequestScope request = RequestScope.current();

    PendingCommand(@Nullable IdempotencyKey key, Command<A> command, Duration deadline) {
        super(deadline);
        this.key = key;
        this.command = command;
    }

    @Nullable
    public IdempotencyKey key() {
        return key;
    }

    public Command<A> command() {
        return command;
    }

    /** Returns the request that the command is a part of; null if there is none. */
    @Nullable
    RequestScope request() {
        return request;
    }

    @Override
    public String name() {
        return command.kind();
    }

    /** Returns its idempotency key. Two commands with one key may not share a batch, because the second needs the stored answer of the first. */
    @Override
    @Nullable
    Object soleIn() {
        return key == null ? null : List.of(key.caller(), key.key());
    }

    @Override
    int weight() {
        return command.weight();
    }
}
