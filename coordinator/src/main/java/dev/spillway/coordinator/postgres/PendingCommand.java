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
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A command that somebody waits for, and what became of it. Its outcome is set once, by whoever carries it out; the rest is immutable.
 *
 * @param <A> the answer
 */
final class PendingCommand<A> {
    private final @Nullable IdempotencyKey key;
    private final Command<A> command;
    private final long deadlineNanoTime;
    private final CompletableFuture<A> outcome = new CompletableFuture<>();

    /** @param deadline from now; the command is not begun after it */
    PendingCommand(@Nullable IdempotencyKey key, Command<A> command, Duration deadline) {
        this.key = key;
        this.command = command;
        this.deadlineNanoTime = System.nanoTime() + deadline.toNanos();
    }

    @Nullable
    IdempotencyKey key() {
        return key;
    }

    Command<A> command() {
        return command;
    }

    /** What the command is called in messages. */
    String name() {
        return command instanceof Command.FromWorker<?> from ? from.message().getClass().getSimpleName()
                : command.getClass().getSimpleName();
    }

    Duration left() {
        return Duration.ofNanos(deadlineNanoTime - System.nanoTime());
    }

    /** How many rows it may concern, for the size of a batch; 1 or more. */
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

    void answer(A answer) {
        outcome.complete(answer);
    }

    void fail(RuntimeException failure) {
        outcome.completeExceptionally(failure);
    }

    /** Completes with the answer, or exceptionally with the failure itself. */
    CompletableFuture<A> outcome() {
        return outcome;
    }

    /**
     * The answer, which is there.
     *
     * @throws RuntimeException the failure, if that is what became of it
     */
    A get() {
        return switch (outcome.state()) {
            case SUCCESS -> outcome.resultNow();
            case FAILED -> throw outcome.exceptionNow() instanceof RuntimeException failure ? failure
                    : new IllegalStateException(name() + " failed", outcome.exceptionNow());
            case RUNNING, CANCELLED -> throw new IllegalStateException(name() + " has no outcome");
        };
    }
}
