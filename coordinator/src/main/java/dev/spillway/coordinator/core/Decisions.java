package dev.spillway.coordinator.core;

import dev.spillway.coordinator.core.Rows.HostLock;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.events.protocol.WorkerMessage;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Everything that the registry decides. A decision reads and changes a {@link WorkingSet} only; whoever runs the transaction writes its changes,
 * commits, and answers after that. Stateless; as thread-safe as its source of randomness.
 */
public final class Decisions {
    private final EntryDecisions entries;
    private final ReplicaDecisions replicas;
    private final OrderDecisions orders;
    private final HostDecisions hosts;
    private final ReconcileDecisions reconciliation;

    public Decisions(RegistryRules rules, RandomGenerator random) {
        Evictor evictor = new Evictor(rules, random);
        entries = new EntryDecisions(evictor);
        replicas = new ReplicaDecisions(rules, entries, evictor);
        orders = new OrderDecisions(rules, random);
        hosts = new HostDecisions(rules, replicas, orders);
        reconciliation = new ReconcileDecisions(rules, replicas);
    }

    /** Decides a command. The answer may leave once the transaction's changes are committed. */
    // Each case gives the answer of its own command, which the compiler cannot see through the type variable.
    @SuppressWarnings("unchecked")
    public <A> A decide(Command<A> command, WorkingSet transaction) {
        return (A) switch (command) {
            case Command.SetPolicy set -> entries.setPolicy(transaction, set);
            case Command.Put put -> entries.put(transaction, put.name(), put.snapshotId(), put.sizeBytes(), put.description(), true);
            case Command.Get get -> entries.get(transaction, get.name());
            case Command.Invalidate invalidate -> entries.invalidate(transaction, invalidate);
            case Command.Clean clean -> entries.clean(transaction, clean);
            case Command.FromWorker<?> from -> decide(from.message(), transaction);
            case Command.TakeReports taken -> {
                orders.take(transaction, taken.reports(), OrderDecisions.hostsOf(transaction, taken.reports()));
                yield new Outcomes.Done();
            }
            case Command.ClaimOrders claim -> orders.claim(transaction, claim.limit());
            case Command.ReturnOrders returned -> {
                orders.giveBack(transaction, returned.replicaIds());
                yield new Outcomes.Done();
            }
            case Command.ClaimFacts claim -> orders.claimFacts(transaction, claim.limit());
            case Command.FactsPublished published -> {
                orders.published(transaction, published.evictionIds());
                yield new Outcomes.Done();
            }
            case Command.Sweep sweep -> orders.doomTheRest(transaction, hosts.sweep(transaction, sweep.limit()), sweep.limit());
            case Command.Retire retire -> hosts.retire(transaction, retire.hostId());
            case Command.Readmit readmit -> hosts.readmit(transaction, readmit.hostId());
        };
    }

    private Reply<?> decide(WorkerMessage<?> message, WorkingSet transaction) {
        return switch (message) {
            case JoinRequest join -> new Reply.Accepted<>(hosts.join(transaction, join));
            case FencedMessage<?> fenced -> decide(fenced, transaction);
        };
    }

    private Reply<?> decide(FencedMessage<?> message, WorkingSet transaction) {
        HostRow host = transaction.host(message.hostId(), lockFor(message));
        @Nullable
        String closed = Fence.closedTo(message, host, transaction.stored().registry());
        if (closed != null || host == null) {
            return new Reply.Fenced<>(String.valueOf(closed));
        }
        return new Reply.Accepted<>(switch (message) {
            case RegisterRequest register -> replicas.register(transaction, host, register);
            case AttachRequest attach -> replicas.attach(transaction, host, attach);
            case ResolveRequest resolve -> replicas.resolve(transaction, host, resolve);
            case DropRequest drop -> replicas.drop(transaction, host, drop);
            case TouchRequest touch -> replicas.touch(transaction, touch);
            case HeartbeatRequest heartbeat -> hosts.heartbeat(transaction, host, heartbeat);
            case ReconcileRequest reconcile -> reconciliation.rows(transaction, host, reconcile);
            case DiscrepancyRequest discrepancies -> reconciliation.settle(transaction, host, discrepancies);
        });
    }

    private static HostLock lockFor(FencedMessage<?> message) {
        return switch (message) {
            case HeartbeatRequest _,DiscrepancyRequest _,DropRequest _ -> HostLock.HEARTBEAT;
            case RegisterRequest _,AttachRequest _,ResolveRequest _,TouchRequest _,ReconcileRequest _ -> HostLock.FENCE;
        };
    }
}
