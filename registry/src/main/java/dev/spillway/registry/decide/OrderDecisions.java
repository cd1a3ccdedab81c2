package dev.spillway.registry.decide;

import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.Order;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.registry.model.AddressedOrder;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.store.Rows;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Decisions on orders and facts: handing them out, handing them out again while unconfirmed, and closing orders by reports. */
final class OrderDecisions {
    /** Longest deferral of an order. After it the order is sent again, and the host reports the deferral again. */
    private static final Duration DEFERRAL_MAX = Duration.ofHours(1);

    /**
     * Longest lease of a claimed fact, so that facts are published soon after Kafka accepts them again. No longer backoff is needed, because all
     * facts fail together and the publisher pauses by itself.
     */
    private static final Duration FACT_LEASE_MAX = Duration.ofSeconds(10);

    private final RegistryRules rules;
    private final RandomGenerator random;

    OrderDecisions(RegistryRules rules, RandomGenerator random) {
        this.rules = rules;
        this.random = random;
    }

    /**
     * Applies reports, also of several hosts.
     *
     * @return ids of the replicas whose closing reports are now applied or have nothing to close
     */
    List<ReplicaId> take(Transaction transaction, Collection<Report> reports, Map<HostId, @Nullable HostRow> hosts) {
        Set<ReplicaId> acknowledged = new LinkedHashSet<>();
        for (Report report : reports) {
            HostRow host = hosts.get(report.hostId());
            if (host == null || !host.storeId().equals(report.storeId())) {
                continue;
            }
            ReplicaRow row = transaction.replicas().get(report.replicaId());
            if (row != null && row.doom() != null && row.hostId().equals(report.hostId())) {
                take(transaction, report, row, row.doom());
            }
            if (report.result().closes()) {
                acknowledged.add(report.replicaId());
            }
        }
        return List.copyOf(acknowledged);
    }

    private static void take(Transaction transaction, Report report, ReplicaRow row, OpenOrder doom) {
        Instant now = transaction.now();
        switch (report.result()) {
            case DELETED -> transaction.close(row, ClosedReplica.Result.DELETED);
            case ABSENT -> transaction.close(row, ClosedReplica.Result.ABSENT);
            case DEFERRED -> {
                // The host's clock may be off by years. The bound ensures that the order is sent again soon enough.
                Instant until = report.until() == null || report.until().isBefore(now) ? now : report.until();
                transaction.replicas()
                        .save(row.doomed(doom.deferred(until.isAfter(now.plus(DEFERRAL_MAX)) ? now.plus(DEFERRAL_MAX) : until)));
            }
            case FAILED, NOT_UNDERSTOOD ->
                    transaction.replicas()
                            .save(row.doomed(doom.failed(report.result() + (report.why() == null ? "" : ": " + report.why()))));
        }
    }

    List<AddressedOrder> claim(Transaction transaction, int limit) {
        List<AddressedOrder> orders = new ArrayList<>();
        for (Rows.DueOrder due : transaction.stored().orders().lockDueOrders(limit)) {
            ReplicaRow row = transaction.replicas().adopt(due.replica());
            if (row != null && row.doom() != null && !row.doom().nextAttemptAt().isAfter(transaction.now())) {
                orders.add(new AddressedOrder(due.host().partition(), handOut(transaction, row, row.doom(), due.host())));
            }
        }
        return orders;
    }

    List<Order> claimFor(Transaction transaction, HostRow host) {
        List<Order> orders = new ArrayList<>();
        for (ReplicaRow row : transaction.replicas().orders(host.id(), rules.chunks().ordersPerAnswer(), rules.soon(transaction.now()))) {
            if (row.doom() != null) {
                orders.add(handOut(transaction, row, row.doom(), host));
            }
        }
        return orders;
    }

    private Order handOut(Transaction transaction, ReplicaRow row, OpenOrder doom, HostRow host) {
        OpenOrder attempted = doom.attempted(transaction.now().plus(retryAfter(doom.attempts())));
        transaction.replicas().save(row.doomed(attempted));
        return new Order(
                row.id(),
                host.id(),
                host.storeId(),
                row.name().namespace(),
                row.name().key(),
                row.generation(),
                doom.evictionId(),
                doom.cause(),
                attempted.attempts(),
                doom.at());
    }

    void giveBack(Transaction transaction, Collection<ReplicaId> ids) {
        for (ReplicaId id : ids) {
            ReplicaRow row = transaction.replicas().get(id);
            if (row != null && row.doom() != null) {
                transaction.replicas().save(row.doomed(row.doom().dueAt(transaction.now())));
            }
        }
    }

    List<EvictionFact> claimFacts(Transaction transaction, int limit) {
        List<EvictionFact> facts = new ArrayList<>();
        for (Rows.DueFact due : transaction.stored().evictions().lockDueFacts(limit)) {
            Duration retry = retryAfter(due.attempts());
            transaction.handOut(due.fact(), transaction.now().plus(retry.compareTo(FACT_LEASE_MAX) < 0 ? retry : FACT_LEASE_MAX));
            facts.add(due.fact());
        }
        return facts;
    }

    void published(Transaction transaction, Collection<EvictionId> facts) {
        transaction.published(facts);
    }

    /** Dooms replicas that the evicting transactions left LIVE, {@code limit} at most. */
    Outcomes.Swept doomTheRest(Transaction transaction, int hostsAway, int limit) {
        int doomed = 0;
        RegistryRow registry = transaction.stored().registry();
        for (EvictionFact eviction : transaction.stored().evictions().lockUnfinishedEvictions(1)) {
            Holding holding = new Holding(new EntryName(eviction.namespace(), eviction.key()), eviction.generation());
            List<ReplicaRow> left =
                    transaction.stored()
                            .replicas()
                            .lockLiveReplicas(List.of(holding), limit)
                            .getOrDefault(holding, Rows.Holders.NONE)
                            .first();
            OrderCause cause = OrderCause.of(eviction.cause());
            // After a restore, a reported higher generation replaces the entry. The orders to the other holders wait then, too.
            OpenOrder doom = registry.restoredAt() != null && eviction.cause() == EvictionCause.REPLACED
                    && transaction.stored().hosts().isAnyHostUnheard(registry.epoch())
                            ? OpenOrder.waiting(eviction.id(), cause, transaction.now())
                            : new OpenOrder(eviction.id(), cause, transaction.now(), 0, transaction.now(), null, null);
            for (ReplicaRow row : left) {
                transaction.replicas().adopt(row);
                transaction.replicas().save(row.doomed(doom));
            }
            doomed += left.size();
            if (left.size() < limit) {
                transaction.finish(eviction.id());
            }
        }
        return new Outcomes.Swept(hostsAway, doomed, doomed > 0);
    }

    /** Returns the interval before the next attempt: doubled each time up to the bound, then moved by up to a fifth either way. */
    private Duration retryAfter(int attemptsBefore) {
        Duration doubled = rules.retry().first().multipliedBy(1L << Math.min(attemptsBefore, 20));
        Duration bounded = doubled.compareTo(rules.retry().max()) > 0 ? rules.retry().max() : doubled;
        return Duration.ofMillis((long) (bounded.toMillis() * (0.8 + 0.4 * random.nextDouble())));
    }

    /** Returns the hosts of the reports, locked so that their stores do not change. Reports need no other fence. */
    static Map<HostId, @Nullable HostRow> hostsOf(Transaction transaction, Collection<Report> reports) {
        Map<HostId, @Nullable HostRow> hosts = new HashMap<>();
        reports.forEach(report -> hosts.computeIfAbsent(report.hostId(), id -> transaction.host(id, Rows.HostLock.FENCE)));
        return hosts;
    }
}
