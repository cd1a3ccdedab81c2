package dev.spillway.worker.host;

import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.worker.core.model.Delivery;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.host.Promises.Promise;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands effects to other threads, which carry them out. It gets the effects of a step once the step is durable. Its methods never block. */
final class EffectRunner {
    private static final Logger LOG = LoggerFactory.getLogger(EffectRunner.class);

    private final HostPorts ports;
    private final Removals removals;
    private final HostView view;
    private final PutWaiters waiting;
    private final Promises promises;
    private final BiConsumer<WorkerMessage<?>, Delivery<?>> delivered;
    private final LongAdder refusedArtifacts = new LongAdder();
    private volatile @Nullable String unreachable;

    /** @param delivered takes the outcome of a message; may block */
    EffectRunner(
            HostPorts ports,
            Removals removals,
            HostView view,
            PutWaiters waiting,
            Promises promises,
            BiConsumer<WorkerMessage<?>, Delivery<?>> delivered) {
        this.ports = ports;
        this.removals = removals;
        this.view = view;
        this.waiting = waiting;
        this.promises = promises;
        this.delivered = delivered;
    }

    /** Returns why the last message got no answer; null if it got one. */
    @Nullable
    String unreachable() {
        return unreachable;
    }

    /** Returns the number of artifacts since the start that were accepted and later refused by the registry. */
    long refusedArtifacts() {
        return refusedArtifacts.sum();
    }

    void carryOut(Effect effect) {
        switch (effect) {
            case Effect.Send(var message) -> Thread.ofVirtual().name("send").start(() -> send(message));
            case Effect.MoveToTrash(var id) -> removals.toTrash(id);
            case Effect.Unlink(var id) -> removals.unlink(id);
            case Effect.Publish(var report) -> ports.reports().accept(report);
            case Effect.Follow(var partition) -> ports.orders()
                    .follow(
                            partition,
                            view.position().filter(read -> read.partition() == partition).map(OrderPosition::nextOffset).orElse(-1L));
            case Effect.Settle(var id, var outcome) -> {
                List<Promise<PutOutcome>> waiters = waiting.settled(id);
                if (waiters.isEmpty() && outcome instanceof PutOutcome.Refused(var reason, var detail)) {
                    view.replica(id).filter(replica -> replica.artifact() != null).ifPresent(accepted -> refusedArtifacts.increment());
                    LOG.info("replica {} is given up, the registry refused it: {}, {}", id, reason, detail);
                }
                removals.settled(id, outcome, () -> waiters.forEach(waiter -> promises.keep(waiter, outcome)));
            }
        }
    }

    private void send(WorkerMessage<?> message) {
        Delivery<?> delivery;
        try {
            delivery = ports.registry().send(message);
        } catch (InterruptedException e) {
            delivery = new Delivery.Lost<>("interrupted");
        } catch (RuntimeException e) {
            // Any error is caught here, because a message without an outcome would never be sent again.
            LOG.error("sending {}", message.getClass().getSimpleName(), e);
            delivery = new Delivery.Lost<>(e.toString());
        }
        unreachable = switch (delivery) {
            case Delivery.Replied<?> _ -> null;
            case Delivery.NotDelivered<?>(var why) -> why;
            case Delivery.Lost<?>(var why) -> why;
        };
        delivered.accept(message, delivery);
    }
}
