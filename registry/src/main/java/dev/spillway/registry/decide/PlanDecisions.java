package dev.spillway.registry.decide;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.PlanId;
import dev.spillway.registry.model.Bounds;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.model.Policy;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.model.Selection;
import dev.spillway.registry.plan.PlanPurpose;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanRow.Making;
import dev.spillway.registry.plan.PlanRow.State;
import dev.spillway.registry.plan.PlanRow.Tally;
import dev.spillway.registry.plan.PlanVictim;
import dev.spillway.registry.plan.PlanVictim.Outcome;
import dev.spillway.registry.plan.PlanVictim.Reason;
import dev.spillway.registry.plan.TimeBounds;
import dev.spillway.registry.store.PlanRows;
import dev.spillway.registry.store.Rows.EntryLock;
import dev.spillway.registry.trail.AuditRecord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decisions on plans. Victims are chosen one page of entries at a time and evicted one chunk at a time, so that no transaction grows with the
 * namespace. A plan lists what was true when it was made; applying it checks each victim again.
 */
final class PlanDecisions {
    private final RegistryRules rules;
    private final RandomGenerator random;
    private final Evictor evictor;
    private final PolicyDecisions policies;

    PlanDecisions(RegistryRules rules, RandomGenerator random, Evictor evictor) {
        this.rules = rules;
        this.random = random;
        this.evictor = evictor;
        policies = new PolicyDecisions(evictor, this);
    }

    PolicyDecisions policies() {
        return policies;
    }

    /** Begins the plan of a prune, and chooses victims from the first page of entries. */
    Outcomes.Planning make(Transaction transaction, Command.MakePlan command) {
        NamespaceRow namespace = transaction.namespace(command.namespace());
        if (namespace == null) {
            return new Outcomes.Planning.Unknown();
        }
        PlanPurpose.Prune prune = command.prune().in(namespace);
        EntryKey prefix = prune.keyPrefix();
        Selection selected = prefix == null ? new Selection(namespace.unpinnedEntries(), namespace.unpinnedBytes())
                : transaction.stored().entries().countUnpinned(command.namespace(), prefix);
        Selection idle = prune.countsIdleApart(namespace) ? transaction.stored()
                .entries()
                .countOverdue(command.namespace(), prune.times(transaction.now()), prefix == null ? "" : prefix.value())
                : Selection.NONE;
        return make(transaction, namespace, prune, selected.without(idle), namespace.policy());
    }

    /** Begins a plan that sets a policy when it is applied. */
    Outcomes.Planning.Made make(Transaction transaction, NamespaceRow namespace, PolicyChange change, Policy after) {
        TimeBounds times = TimeBounds.tightened(namespace.policy(), after, transaction.now());
        Selection overdue = transaction.stored().entries().countOverdue(namespace.name(), times, "");
        return make(
                transaction,
                namespace,
                new PlanPurpose.SetPolicy(change),
                new Selection(namespace.unpinnedEntries(), namespace.unpinnedBytes()).without(overdue),
                after);
    }

    private Outcomes.Planning.Made make(
            Transaction transaction,
            NamespaceRow namespace,
            PlanPurpose purpose,
            Selection selected,
            Policy judging) {
        Making nothing =
                new Making(
                        namespace.entries(),
                        judging.allowedOf(namespace.entries()),
                        selected.entries(),
                        selected.bytes(),
                        Place.START,
                        0,
                        0);
        PlanRow plan = new PlanRow(
                PlanId.mint(transaction.now(), random),
                namespace.name(),
                purpose,
                transaction.actor(),
                State.MAKING,
                nothing,
                Tally.NOTHING,
                transaction.now(),
                transaction.now().plus(rules.plansKept()),
                null);
        transaction.audit(AuditRecord.Action.MAKE_PLAN, AuditRecord.Subject.of(plan), purpose.text());
        return choose(transaction, namespace, plan);
    }

    /** Chooses victims from the next page of entries for a plan that is being made. */
    Outcomes.Planning extend(Transaction transaction, PlanId id) {
        PlanRow plan = held(transaction, id);
        NamespaceRow namespace = plan == null ? null : transaction.namespace(plan.namespace());
        if (plan == null || namespace == null) {
            return new Outcomes.Planning.Unknown();
        }
        return plan.state() == State.MAKING ? choose(transaction, namespace, plan) : made(plan);
    }

    private static Outcomes.Planning.Made made(PlanRow plan) {
        return new Outcomes.Planning.Made(
                plan.id(),
                plan.state() != State.MAKING,
                plan.made().victims(),
                plan.made().allowed(),
                plan.made().namespaceEntries());
    }

    private Outcomes.Planning.Made choose(Transaction transaction, NamespaceRow namespace, PlanRow plan) {
        Criteria criteria = Criteria.of(plan, namespace);
        List<EntryRow> page =
                transaction.stored().entries().victims(plan.namespace(), plan.made().lookedTo(), rules.chunks().plan());
        Making made = plan.made();
        List<PlanVictim> chosen = new ArrayList<>();
        boolean whole = page.size() < rules.chunks().plan();
        Map<EntryRow, List<EntryRow>> groups = TransactionGroups.withGroups(transaction.stored(), page);
        for (EntryRow entry : page) {
            List<EntryRow> together = groups.getOrDefault(entry, List.of(entry));
            Reason reason = criteria.reasonFor(together, made);
            if (reason == null && !criteria.overdueApart()) {
                // All later entries in the order stay, too.
                whole = true;
                break;
            }
            if (reason != null && together.stream().anyMatch(criteria::selects)) {
                boolean overdue = criteria.overdueApart() && criteria.times().reasonFor(together) != null;
                // The leading entry of the group gets the lowest number.
                for (EntryRow victim : together.reversed()) {
                    made = overdue || !criteria.selects(victim) ? made.withUncounted(victim) : made.with(victim);
                    chosen.add(
                            new PlanVictim(
                                    made.victims(),
                                    victim.name().key(),
                                    victim.snapshotId(),
                                    victim.generation(),
                                    victim.sizeBytes(),
                                    victim.lastUse(),
                                    reason,
                                    !victim.equals(entry),
                                    null));
                }
            }
            made = made.withLookedTo(entry.place());
        }
        PlanRow further = plan.made(made, whole);
        transaction.choose(further, chosen);
        return made(further);
    }

    /**
     * The criteria by which a plan chooses victims.
     *
     * @param overdueApart whether entries whose time is over are searched among all entries, and not counted for the bounds
     */
    private record Criteria(Bounds bounds, TimeBounds times, boolean overdueApart, @Nullable EntryKey prefix) {
        static Criteria of(PlanRow plan, NamespaceRow namespace) {
            return switch (plan.purpose()) {
                case PlanPurpose.Prune prune -> {
                    yield new Criteria(
                            new Bounds(prune.maxEntries(), prune.maxBytes()),
                            prune.times(plan.createdAt()),
                            prune.countsIdleApart(namespace),
                            prune.keyPrefix());
                }
                case PlanPurpose.SetPolicy set -> {
                    Policy after = set.change().appliedTo(namespace.policy());
                    TimeBounds times = TimeBounds.tightened(namespace.policy(), after, plan.createdAt());
                    yield new Criteria(after.target(), times, !times.judgeNothing(), null);
                }
            };
        }

        boolean selects(EntryRow entry) {
            return prefix == null || entry.name().key().value().startsWith(prefix.value());
        }

        /**
         * Returns why the next entry in the order of eviction goes, with its group, if it is selected; null if it stays. If no time is judged apart,
         * all later ones stay, too.
         */
        @Nullable
        Reason reasonFor(List<EntryRow> together, Making made) {
            Reason overdue = times.reasonFor(together);
            if (overdue != null) {
                return overdue;
            }
            if (bounds.entriesExceedBy(made.selectedEntries() - made.victims())) {
                return Reason.OVER_MAX_ENTRIES;
            }
            return bounds.bytesExceedBy(made.selectedBytes() - made.victimBytes()) ? Reason.OVER_MAX_BYTES : null;
        }
    }

    /** Settles up to {@code limit} further victims of a plan. The step that settles the last ones finishes the plan. */
    Outcomes.Applying apply(Transaction transaction, PlanId id, int limit) {
        PlanRow plan = held(transaction, id);
        if (plan == null) {
            return new Outcomes.Applying.Unknown();
        }
        switch (plan.state()) {
            case MAKING -> {
                return new Outcomes.Applying.Refused("plan " + id + ": its victims are still being chosen (expected: a plan that is OPEN)");
            }
            case OPEN -> {
                if (plan.expiresAt().isBefore(transaction.now())) {
                    return new Outcomes.Applying.Refused("plan " + id + ": expired at " + plan.expiresAt() + " (expected: a newer plan)");
                }
            }
            case APPLYING -> {}
            case APPLIED -> {
                return new Outcomes.Applying.Step(true, 0);
            }
        }
        NamespaceRow namespace = transaction.namespace(plan.namespace());
        if (namespace != null && plan.purpose() instanceof PlanPurpose.SetPolicy set) {
            String refused = refusal(namespace, set.change());
            if (refused != null) {
                return new Outcomes.Applying.Refused("plan " + id + ": " + refused);
            }
        }
        if (plan.state() == State.OPEN) {
            transaction.audit(AuditRecord.Action.APPLY_PLAN, AuditRecord.Subject.of(plan), plan.purpose().text());
        }
        List<PlanVictim> victims = nextVictims(transaction.stored().plans(), plan, limit);
        List<PlanVictim> settled = settle(transaction, plan, victims);
        Tally tally = plan.applied();
        for (PlanVictim victim : settled) {
            tally = tally.with(victim, outcomeOf(victim));
        }
        boolean finished = tally.done() == plan.made().victims();
        if (finished && plan.purpose() instanceof PlanPurpose.SetPolicy set) {
            // The policy is set in a step of its own, whose transaction sees all victims gone.
            finished = victims.isEmpty();
            tally = finished ? tally.withBeyond(policies.settle(transaction, plan.namespace(), set.change())) : tally;
        }
        transaction.settle(
                plan.applied(
                        tally,
                        finished ? State.APPLIED : State.APPLYING,
                        transaction.now(),
                        transaction.now().plus(rules.plansKept())),
                settled);
        return new Outcomes.Applying.Step(finished, tally.evicted() - plan.applied().evicted());
    }

    /** Returns about {@code limit} victims. The entries of a group are kept together, so that one transaction evicts all of them. */
    private static List<PlanVictim> nextVictims(PlanRows plans, PlanRow plan, int limit) {
        List<PlanVictim> victims = new ArrayList<>(plans.victims(plan.id(), plan.applied().done(), limit + 1));
        while (victims.size() > limit && victims.getLast().follows()) {
            List<PlanVictim> more = plans.victims(plan.id(), victims.getLast().number(), 1 + EntryGroup.ENTRIES_MAX);
            if (more.isEmpty()) {
                return victims;
            }
            int rest = (int) more.stream().takeWhile(PlanVictim::follows).count();
            victims.addAll(more.subList(0, Math.min(more.size(), rest + 1)));
        }
        if (victims.size() > limit) {
            victims.removeLast();
        }
        return victims;
    }

    private List<PlanVictim> settle(Transaction transaction, PlanRow plan, List<PlanVictim> victims) {
        List<EntryName> names = victims.stream().map(victim -> new EntryName(plan.namespace(), victim.key())).toList();
        transaction.lockEntries(names, EntryLock.EXCLUSIVE);
        List<PlanVictim> settled = new ArrayList<>();
        Map<EntryRow, Reason> going = new LinkedHashMap<>();
        EntryRow leading = null;
        for (PlanVictim victim : victims) {
            EntryRow entry = transaction.entry(new EntryName(plan.namespace(), victim.key()), EntryLock.EXCLUSIVE);
            Outcome outcome = judge(victim, entry);
            if (entry != null && outcome == Outcome.EVICTED) {
                boolean goes = victim.follows() ? leading != null && Objects.equals(leading.group(), entry.group())
                        : isGroupUnchanged(transaction, plan, victim, entry);
                outcome = goes ? Outcome.EVICTED : Outcome.USED;
            }
            if (!victim.follows()) {
                leading = outcome == Outcome.EVICTED ? entry : null;
                if (leading != null) {
                    going.put(leading, victim.reason());
                }
            }
            settled.add(victim.withOutcome(outcome));
        }
        transaction.replicas().readHolders(List.copyOf(going.keySet()), rules.chunks().doom());
        going.forEach((entry, reason) -> {
            // It may have joined the group of an earlier victim, and be gone with that.
            if (transaction.entry(entry.name(), EntryLock.EXCLUSIVE) != null) {
                evictor.evict(transaction, entry, plan.purpose().cause(reason), plan.id());
            }
        });
        return settled;
    }

    /** Returns why a change cannot be made now; null if it can. The policy may have changed since the plan was made. */
    private static @Nullable String refusal(NamespaceRow namespace, PolicyChange change) {
        try {
            return PolicyDecisions.refusal(namespace, change.appliedTo(namespace.policy()));
        } catch (InvalidValueException e) {
            return e.getMessage();
        }
    }

    /**
     * Returns whether the group of a leading victim is unchanged. Where use counts, no other entry of it was used since; where only age counts, no
     * entry of it was put since.
     */
    private static boolean isGroupUnchanged(Transaction transaction, PlanRow plan, PlanVictim victim, EntryRow entry) {
        return victim.reason() == Reason.EXPIRED
                ? transaction.withGroup(entry).stream().noneMatch(member -> member.createdAt().isAfter(plan.createdAt()))
                : !entry.follows();
    }

    private static Outcome judge(PlanVictim victim, @Nullable EntryRow entry) {
        if (entry == null) {
            return Outcome.GONE;
        }
        if (entry.generation() != victim.generation()) {
            return Outcome.REPLACED;
        }
        if (entry.pin() != null) {
            return Outcome.PINNED;
        }
        // A use does not extend an entry's TTL.
        return victim.reason() == Reason.EXPIRED || entry.lastUse() == victim.lastUse() ? Outcome.EVICTED : Outcome.USED;
    }

    private static Outcome outcomeOf(PlanVictim settled) {
        Outcome outcome = settled.outcome();
        if (outcome == null) {
            throw new IllegalStateException("victim " + settled.number() + " without an outcome");
        }
        return outcome;
    }

    /** Returns the plan, with its namespace locked so that the plan does not change until the transaction ends. */
    private static @Nullable PlanRow held(Transaction transaction, PlanId id) {
        PlanRow seen = transaction.stored().plans().plan(id).orElse(null);
        if (seen == null) {
            return null;
        }
        transaction.lockNamespaces(List.of(seen.namespace()));
        return transaction.stored().plans().plan(id).orElse(null);
    }
}
