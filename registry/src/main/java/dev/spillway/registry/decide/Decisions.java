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
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.Written;
import dev.spillway.registry.store.Rows;
import java.util.Collection;
import java.util.SortedMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decisions of the registry. A decision reads and changes a {@link Transaction} only. The caller writes the changes, commits, and then answers.
 * Stateless; as thread-safe as its source of randomness.
 */
public final class Decisions {
    private final RegistryRules rules;
    private final EntryDecisions entries;
    private final PinDecisions pins = new PinDecisions();
    private final PlanDecisions plans;
    private final ExpiryDecisions expiry;
    private final ReplicaDecisions replicas;
    private final OrderDecisions orders;
    private final HostDecisions hosts;
    private final DrainDecisions drains;
    private final ReconcileDecisions reconciliation;
    private final RestoreDecisions restoring;
    private final ReadoptDecisions readopting;

    public Decisions(RegistryRules rules, RandomGenerator random) {
        this.rules = rules;
        Evictor evictor = new Evictor(rules, random);
        entries = new EntryDecisions(evictor);
        plans = new PlanDecisions(rules, random, evictor);
        expiry = new ExpiryDecisions(evictor, pins);
        replicas = new ReplicaDecisions(rules, entries, evictor);
        orders = new OrderDecisions(rules, random);
        hosts = new HostDecisions(rules, replicas, orders);
        drains = new DrainDecisions(rules);
        reconciliation = new ReconcileDecisions(rules, replicas);
        restoring = new RestoreDecisions(rules);
        readopting = new ReadoptDecisions(evictor, replicas);
    }

    /** Returns the hosts of commands and the strongest lock of each, sorted. */
    public static SortedMap<HostId, Rows.HostLock> hostsOf(Collection<? extends Command<?>> commands) {
        return Needs.hostsOf(commands);
    }

    /** Reads and locks ahead what these commands need, which one transaction is to decide one after the other; once, before the first. */
    public void prepare(Collection<? extends Command<?>> commands, Transaction transaction) {
        Needs.lock(commands, rules, transaction);
    }

    /** Decides a command that was prepared. The answer may leave once the transaction's changes are committed. */
    public <A> A decide(Command<A> command, Transaction transaction) {
        transaction.actFor(command.actor());
        return decided(command, transaction);
    }

    // Each case gives the answer of its own command, which the compiler cannot see through the type variable.
    @SuppressWarnings("unchecked")
    private <A> A decided(Command<A> command, Transaction transaction) {
        return (A) switch (command) {
            case Command.SetPolicy set -> plans.policies().set(transaction, set);
            case Command.Put put ->
                    entries.put(transaction, put.name(), put.snapshotId(), put.sizeBytes(), put.description(), true, Written.NONE);
            case Command.Get get -> entries.get(transaction, get);
            case Command.Invalidate invalidate -> entries.invalidate(transaction, invalidate);
            case Command.Clean clean -> entries.clean(transaction, clean);
            case Command.SetPin pin -> pins.set(transaction, pin);
            case Command.LiftPin pin -> pins.lift(transaction, pin.name());
            case Command.MakePlan make -> plans.make(transaction, make);
            case Command.ExtendPlan extend -> plans.extend(transaction, extend.planId());
            case Command.ApplyPlan apply -> plans.apply(transaction, apply.planId(), apply.limit());
            case Command.Expire expire -> expiry.expire(transaction, expire.limit());
            case Command.FromWorker<?> from -> decide(from.message(), transaction);
            case Command.By<?> by -> decided(by.command(), transaction);
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
            case Command.Sweep sweep -> sweep(transaction, sweep.limit());
            case Command.Relieve relieve -> drains.relieve(transaction, relieve.limit());
            case Command.Drain drain -> drains.drain(transaction, drain.hostId());
            case Command.CancelDrain cancel -> drains.cancel(transaction, cancel.hostId());
            case Command.Retire retire -> hosts.retire(transaction, retire.hostId());
            case Command.Readmit readmit -> hosts.readmit(transaction, readmit.hostId());
            case Command.Restored restored -> restoring.restored(transaction, restored);
        };
    }

    private Outcomes.Swept sweep(Transaction transaction, int limit) {
        Outcomes.Swept swept = orders.doomTheRest(transaction, hosts.sweep(transaction, limit), limit);
        int released = restoring.release(transaction, limit);
        return new Outcomes.Swept(swept.hostsAway(), swept.doomed(), swept.more() || released > 0);
    }

    private Reply<?> decide(WorkerMessage<?> message, Transaction transaction) {
        return switch (message) {
            case JoinRequest join -> new Reply.Accepted<>(hosts.join(transaction, join));
            case FencedMessage<?> fenced -> decide(fenced, transaction);
        };
    }

    private Reply<?> decide(FencedMessage<?> message, Transaction transaction) {
        HostRow host = transaction.host(message.hostId(), MessageNeeds.of(message).lock());
        @Nullable
        String closed = Fence.closedTo(message, host, transaction.stored().registry());
        if (closed != null || host == null) {
            return new Reply.Fenced<>(String.valueOf(closed));
        }
        return new Reply.Accepted<>(switch (message) {
            case RegisterRequest register -> replicas.register(transaction, host, register);
            case AttachRequest attach -> replicas.attach(transaction, host, attach);
            case ResolveRequest resolve -> replicas.resolve(transaction, host, resolve);
            case ReadoptRequest readopt -> readopting.readopt(transaction, host, readopt);
            case DropRequest drop -> replicas.drop(transaction, host, drop);
            case TouchRequest touch -> replicas.touch(transaction, touch);
            case HeartbeatRequest heartbeat -> hosts.heartbeat(transaction, host, heartbeat);
            case ReconcileRequest reconcile -> reconciliation.rows(transaction, host, reconcile);
            case DiscrepancyRequest discrepancies -> reconciliation.settle(transaction, host, discrepancies);
        });
    }
}
