package dev.spillway.registry.decide;

import dev.spillway.events.HostId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.store.Rows.HostLock;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Needs of a worker's message, as a {@link Command} tells its own.
 *
 * @param message   the message, if it names an incarnation
 * @param lock      lock of the host that sent it; unused for a join, whose decision locks the host
 * @param goesAlone whether it needs a transaction of its own
 * @param weight    number of its items
 * @param rows      names the rows that it needs
 */
record MessageNeeds(@Nullable FencedMessage<?> message, HostLock lock, boolean goesAlone, int weight, BiConsumer<HostRow, Needs> rows) {
    static MessageNeeds of(WorkerMessage<?> message) {
        return switch (message) {
            case JoinRequest ignored -> new MessageNeeds(null, HostLock.INCARNATION, true, 1, (host, needs) -> {});
            case FencedMessage<?> fenced -> of(fenced);
        };
    }

    static MessageNeeds of(FencedMessage<?> message) {
        return switch (message) {
            case RegisterRequest register -> shared(
                    register,
                    HostLock.FENCE,
                    register.items().size(),
                    (host, needs) -> register.items()
                            .forEach(item -> {
                                needs.record(host, item.replicaId());
                                needs.put(item.name(), item.snapshotId());
                                needs.group(item.namespace(), item.group());
                            }));
            case AttachRequest attach -> shared(
                    attach,
                    HostLock.FENCE,
                    attach.items().size(),
                    (host, needs) -> attach.items()
                            .forEach(item -> {
                                needs.record(host, item.replicaId());
                                needs.stay(item.name());
                            }));
            case ResolveRequest resolve -> shared(
                    resolve,
                    HostLock.FENCE,
                    resolve.replicaIds().size(),
                    (host, needs) -> resolve.replicaIds().forEach(id -> needs.record(host, id)));
            case DropRequest drop -> shared(
                    drop,
                    HostLock.HEARTBEAT,
                    drop.items().size(),
                    (host, needs) -> drop.items()
                            .forEach(item -> needs.drop(host, item.replicaId())));
            case TouchRequest touch -> shared(touch, HostLock.FENCE, touch.used().size(), (host, needs) -> {
                touch.used().forEach(used -> {
                    needs.use(used.name());
                    needs.group(used.name().namespace(), used.group());
                });
                touch.missed().forEach(missed -> needs.namespace(missed.namespace()));
            });
            case HeartbeatRequest heartbeat -> shared(heartbeat, HostLock.HEARTBEAT, items(heartbeat), (host, needs) -> {
                heartbeat.unacknowledged().forEach(report -> needs.close(host.id(), report.replicaId()));
                needs.orders(host.id());
            });
            case ReconcileRequest reconcile -> alone(reconcile, HostLock.FENCE);
            case DiscrepancyRequest discrepancies -> alone(discrepancies, HostLock.HEARTBEAT);
            case ReadoptRequest readopt -> alone(readopt, HostLock.HEARTBEAT);
        };
    }

    private static MessageNeeds shared(FencedMessage<?> message, HostLock lock, int items, BiConsumer<HostRow, Needs> rows) {
        return new MessageNeeds(message, lock, false, Math.max(1, items), rows);
    }

    private static int items(HeartbeatRequest heartbeat) {
        return heartbeat.unacknowledged().size() + (heartbeat.held() == null ? 0 : heartbeat.held().size());
    }

    private static MessageNeeds alone(FencedMessage<?> message, HostLock lock) {
        return new MessageNeeds(message, lock, true, 1, (host, needs) -> {});
    }

    /** Returns the host that sent it, with its lock. It is empty for a join, whose host may not exist yet. */
    SortedMap<HostId, HostLock> hosts() {
        return message == null ? Collections.emptySortedMap() : new TreeMap<>(Map.of(message.hostId(), lock));
    }

    /** Names its rows, unless the registry will not take it. */
    void addTo(Needs needs) {
        if (message != null) {
            needs.unlessFenced(message, rows);
        }
    }
}
