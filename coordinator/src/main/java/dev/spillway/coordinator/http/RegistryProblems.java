package dev.spillway.coordinator.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.CommitUnknownException;
import dev.spillway.registry.KeyReusedException;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryBusyException;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.plan.PlanRow;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The problems with which requests are refused. */
final class RegistryProblems {
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private RegistryProblems() {}

    /** Returns the problem that a client gets for an exception of the registry. */
    static Optional<Problem> of(Throwable failure) {
        return switch (failure) {
            case KeyReusedException e -> Optional.of(Problem.of(ProblemType.IDEMPOTENCY_KEY_REUSED, String.valueOf(e.getMessage())));
            case RegistryBusyException _ -> Optional
                    .of(
                            Problem.of(ProblemType.REGISTRY_BUSY, "nothing was changed; the same request can be sent again")
                                    .retryAfter(RETRY_AFTER));
            case RegistryUnavailableException _ -> Optional.of(
                    Problem.of(ProblemType.REGISTRY_UNAVAILABLE, "nothing was changed; the same request can be sent again")
                            .retryAfter(RETRY_AFTER));
            case CommitUnknownException _ -> Optional.of(
                    Problem.of(
                            ProblemType.OUTCOME_UNKNOWN,
                            "the connection to the database was lost while committing; ask again with the same " + Commands.IDEMPOTENCY_KEY
                                    + " to learn the outcome, or without one if the change may be made twice"));
            default -> Optional.empty();
        };
    }

    static ProblemException unknownNamespace(NamespaceName name) {
        return Problem
                .of(ProblemType.UNKNOWN_NAMESPACE, "namespace: " + name + " (expected: a namespace that was created)")
                .exception();
    }

    static ProblemException unknownEntry(EntryName name) {
        return Problem
                .of(ProblemType.UNKNOWN_ENTRY, "key: " + name.key() + " (expected: a key in namespace " + name.namespace() + ")")
                .exception();
    }

    static ProblemException unknownEviction(EvictionId id) {
        return Problem
                .of(ProblemType.UNKNOWN_EVICTION, "eviction: " + id + " (expected: the id of an eviction that is still kept)")
                .exception();
    }

    static ProblemException unknownHost(HostId id) {
        return Problem.of(ProblemType.UNKNOWN_HOST, "host: " + id + " (expected: a host that joined)").exception();
    }

    static ProblemException otherSnapshot(SnapshotId expected, SnapshotId actual) {
        return Problem.of(ProblemType.OTHER_SNAPSHOT, "ifSnapshot: " + expected + " (expected: " + actual + ", which the entry names)")
                .with("snapshotId", actual.value())
                .exception();
    }

    static ProblemException notStored(NamespaceName namespace, Outcomes.Putting.Refused refused) {
        return switch (refused.reason()) {
            case UNKNOWN_NAMESPACE -> unknownNamespace(namespace);
            // A put directly at the registry concerns no host, so no drain can refuse it.
            case DRAINING -> throw new IllegalArgumentException("refused: " + refused + " (expected: a reason that no host is behind)");
            case TOO_LARGE -> Problem.of(ProblemType.TOO_LARGE, refused.detail()).status(422).exception();
            case NO_ROOM -> Problem.of(ProblemType.NO_ROOM, refused.detail()).exception();
            case WRITTEN_ALREADY -> Problem.of(ProblemType.WRITTEN_ALREADY, refused.detail()).exception();
            case GROUP_FULL -> Problem.of(ProblemType.GROUP_FULL, refused.detail()).exception();
        };
    }

    /** Returns the problem of an entry that does not exist. It tells whether the namespace does not exist either. */
    static ProblemException missing(Registry registry, EntryName name) {
        return registry.queries().namespace(name.namespace()).isEmpty() ? unknownNamespace(name.namespace()) : unknownEntry(name);
    }

    static ProblemException unknownPlan(PlanId id) {
        return Problem
                .of(ProblemType.UNKNOWN_PLAN, "plan: " + id + " (expected: the id of a plan that is still kept)")
                .exception();
    }

    /** @param asked the request that would evict too many entries, in the caller's terms */
    static ProblemException planNeeded(String asked, Outcomes.Planning.Made made) {
        return Problem
                .of(
                        ProblemType.PLAN_NEEDED,
                        "%s: would evict %d of %d entries (expected: at most %d without asking; plan %s evicts them when it is applied)"
                                .formatted(asked, made.victims(), made.namespaceEntries(), made.allowed(), made.planId()))
                .with("planId", made.planId().toString())
                .with("victimCount", made.victims())
                .exception();
    }

    static ProblemException namespaceInUse(String detail) {
        return Problem.of(ProblemType.NAMESPACE_IN_USE, detail).exception();
    }

    static ProblemException planNotApplied(String detail) {
        return Problem.of(ProblemType.PLAN_NOT_APPLICABLE, detail).exception();
    }

    static ProblemException policyNotSet(PlanRow plan) {
        long evicted = plan.applied().evicted();
        return Problem
                .of(
                        ProblemType.POLICY_NOT_SET,
                        "plan %s: evicted %d %s and did not set the policy, because more than the share came meanwhile (expected: the policy set once more, with another %s if they had one)"
                                .formatted(plan.id(), evicted, evicted == 1 ? "entry" : "entries", Commands.IDEMPOTENCY_KEY))
                .with("planId", plan.id().toString())
                .with("evicted", evicted)
                .exception();
    }

    /**
     * Returns the problem of a request that failed after at least its first command was carried out.
     *
     * @param plan    the plan whose victims are evicted; absent if there is none
     * @param evicted number of entries that the request has certainly evicted
     */
    static ProblemException unfinished(String subject, @Nullable PlanId plan, long evicted, RuntimeException cause) {
        boolean unknown = cause instanceof CommitUnknownException;
        String why = switch (cause) {
            case RegistryBusyException _ -> "the registry has more to do than it gets done";
            case CommitUnknownException _ ->
                    "the connection to the database was lost while committing, and whether more was done is not known";
            default -> "the registry's database cannot be used right now";
        };
        Problem problem = Problem
                .of(
                        ProblemType.UNFINISHED,
                        "%s: %s evicted, then: %s (expected: all that was asked for; the same request goes on where this one stopped)"
                                .formatted(
                                        subject,
                                        plan == null ? were(evicted, "entry", "entries") : were(evicted, "victim", "victims"),
                                        why))
                .status(unknown ? 504 : ProblemType.UNFINISHED.status())
                .with("evicted", evicted)
                .retryAfter(RETRY_AFTER);
        return (plan == null ? problem : problem.with("planId", plan.toString())).exception();
    }

    private static String were(long count, String one, String many) {
        if (count < 2) {
            return (count == 0 ? "no " : "1 ") + one + " was";
        }
        return String.format(Locale.ROOT, "%,d %s were", count, many);
    }

    static ProblemException hostUnchanged(String why) {
        return Problem.of(ProblemType.HOST_REFUSED, why).exception();
    }

    static ProblemException otherEpoch(long asked, long actual) {
        return Problem
                .of(
                        ProblemType.OTHER_EPOCH,
                        "epoch: " + asked + " (expected: " + actual + "; somebody may have said already that the database was restored)")
                .with("epoch", actual)
                .exception();
    }

    static ProblemException fenced(String why) {
        return Problem.of(ProblemType.FENCED, why).exception();
    }
}
