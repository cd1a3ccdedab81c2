package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.IdempotencyKey;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.service.tracing.RequestScope;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command with a waiting caller.
 *
 * @param <A> the answer
 */
final class PendingCommand<A> extends Pending<A> {
    private final @Nullable IdempotencyKey key;
    private final Command<A> command;
    private final @Nullable RequestScope request = RequestScope.current();

    PendingCommand(@Nullable IdempotencyKey key, Command<A> command, Duration deadline) {
        super(deadline);
        this.key = key;
        this.command = command;
    }

    @Nullable
    IdempotencyKey key() {
        return key;
    }

    Command<A> command() {
        return command;
    }

    /** Returns the request that it is a part of; null if it is of none. */
    @Nullable
    RequestScope request() {
        return request;
    }

    @Override
    String name() {
        return command.kind();
    }

    /** Returns its idempotency key. Two commands with one key may not share a batch, because the second needs the first one's stored answer. */
    @Override
    @Nullable
    Object soleIn() {
        return key == null ? null : List.of(key.caller(), key.key());
    }

    @Override
    int weight() {
        int items = switch (command) {
            case Command.FromWorker<?> from when from.message() instanceof FencedMessage<?> message -> switch (message) {
                case RegisterRequest register -> register.items().size();
                case AttachRequest attach -> attach.items().size();
                case ResolveRequest resolve -> resolve.replicaIds().size();
                case DropRequest drop -> drop.items().size();
                case TouchRequest touch -> touch.used().size();
                case HeartbeatRequest heartbeat -> heartbeat.unacknowledged().size();
                default -> 1;
            };
            case Command.TakeReports taken -> taken.reports().size();
            case Command.ReturnOrders returned -> returned.replicaIds().size();
            case Command.FactsPublished published -> published.evictionIds().size();
            default -> 1;
        };
        return Math.max(1, items);
    }
}
