package dev.spillway.worker.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.body.Pagers;
import dev.spillway.events.Backend;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.pager.PagerRefusedException;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.filesystem.StoreGoneException;
import dev.spillway.worker.host.HostBusyException;
import dev.spillway.worker.host.HostStoppedException;
import dev.spillway.worker.host.HostView;
import dev.spillway.worker.host.artifact.ArrivalRefusedException;
import dev.spillway.worker.host.artifact.HostArtifacts;
import dev.spillway.worker.host.directory.Deletions;
import dev.spillway.worker.host.directory.TreePuts;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The HTTP problems that clients get for refused requests. */
public final class HostProblems {
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private HostProblems() {}

    /** Returns the problem that a client gets for an exception of the host; empty for others. */
    static Optional<Problem> of(Throwable failure) {
        return switch (failure) {
            case HostBusyException e -> Optional.of(Problem.of(ProblemType.BUSY, String.valueOf(e.getMessage())).retryAfter(RETRY_AFTER));
            case HostStoppedException _ -> Optional
                    .of(
                            Problem.of(ProblemType.HOST_STOPPED, "whether the change was made is found out when the worker starts again")
                                    .retryAfter(RETRY_AFTER));
            case StoreGoneException e -> Optional.of(storeGone(String.valueOf(e.getMessage())));
            case PagerRefusedException e -> Optional.of(Problem.of(Pagers.problemType(e.reason()), String.valueOf(e.getMessage())));
            default -> Optional.empty();
        };
    }

    /** @param gone reason why the store is not where it was opened; empty while it is */
    static void requireStore(Optional<String> gone) {
        if (gone.isPresent()) {
            throw storeGone(gone.get()).exception();
        }
    }

    private static Problem storeGone(String why) {
        return Problem.of(ProblemType.HOST_STOPPED, why).retryAfter(RETRY_AFTER);
    }

    static ProblemException unknownPager(String name) {
        return Problem.of(ProblemType.UNKNOWN_PAGER, "pager: " + name + " (expected: one that was created here and is open)").exception();
    }

    public static ProblemException unknownNamespace(NamespaceName namespace) {
        return Problem
                .of(
                        ProblemType.UNKNOWN_NAMESPACE,
                        "namespace: " + namespace + " (expected: a namespace that was created at the coordinator)")
                .exception();
    }

    public static ProblemException otherBackend(NamespaceName namespace, Backend backend) {
        return Problem
                .of(
                        ProblemType.OTHER_BACKEND,
                        "namespace: %s is for %s images (expected: a namespace that was created for such images)".formatted(
                                namespace,
                                backend))
                .exception();
    }

    static ProblemException unknownEntry(EntryName name) {
        return Problem
                .of(
                        ProblemType.UNKNOWN_ENTRY,
                        "key: " + name.key() + " (expected: a key in namespace " + name.namespace() + " that this host holds)")
                .exception();
    }

    static ProblemException conditionUnmet(EntryName name) {
        return Problem
                .of(ProblemType.PRECONDITION_FAILED, "key: %s (expected: what If-Match and If-None-Match name)".formatted(name.key()))
                .exception();
    }

    static ProblemException stale(EntryName name, long here, long registered) {
        return Problem
                .of(
                        ProblemType.OLDER_GENERATION,
                        "key: %s has generation %d here (expected: %d, which the registry has)".formatted(name.key(), here, registered))
                .exception();
    }

    static ProblemException anothersHold(UUID hold) {
        return Problem
                .of(
                        ProblemType.FORBIDDEN,
                        "hold: " + hold + ", which somebody else took (expected: one's own, or the token of an operator)")
                .exception();
    }

    static ProblemException unknownHold(UUID hold) {
        return Problem
                .of(ProblemType.UNKNOWN_HOLD, "hold: " + hold + " (expected: a hold that was neither released nor ran out)")
                .exception();
    }

    static ProblemException tooManyHolds(int max) {
        return Problem.of(
                ProblemType.TOO_MANY_HOLDS,
                "holds: %d already (expected: fewer than holds-max; release some, which GET /v1/holds lists, or wait for the first to end)"
                        .formatted(max))
                .retryAfter(RETRY_AFTER)
                .exception();
    }

    static ProblemException apart(HostView.RegistryUnavailable unavailable) {
        return unavailable.refused()
                ? Problem.of(ProblemType.REGISTRY_REFUSED, unavailable.why())
                        .retryAfter(RETRY_AFTER)
                        .exception()
                : registryAway(unavailable.why());
    }

    private static ProblemException registryAway(String why) {
        return Problem.of(ProblemType.REGISTRY_NOT_REACHABLE, why).retryAfter(RETRY_AFTER).exception();
    }

    static ProblemException unknownOutcome(String why) {
        return Problem.of(ProblemType.OUTCOME_UNKNOWN, why + "; ask again with the same Idempotency-Key to learn the outcome").exception();
    }

    static ProblemException draining(HostId host) {
        return draining(
                "host: " + host
                        + ", which drains and takes nothing new (expected: another host, or one that takes part again: spillway drain "
                        + host + " --cancel)");
    }

    /** Returns the answer of a host that drains: the client should send the request to another host. */
    private static ProblemException draining(String detail) {
        return Problem.of(ProblemType.HOST_DRAINING, detail).exception();
    }

    static ProblemException tooLarge(long maxBytes) {
        return Problem.of(ProblemType.TOO_LARGE, "tree: over %d bytes (expected: at most maxBytes, %d)".formatted(maxBytes, maxBytes))
                .exception();
    }

    /** Returns the problem for an artifact that was refused while it arrived. */
    static ProblemException of(ArrivalRefusedException refused) {
        return Problem.of(switch (refused.limit()) {
            case OF_ONE_ARTIFACT -> ProblemType.TOO_LARGE;
            case OF_THIS_HOST -> ProblemType.DISK_FULL;
        }, String.valueOf(refused.getMessage())).exception();
    }

    static ProblemException artifactTooLarge(long maxBytes) {
        return Problem.of(ProblemType.TOO_LARGE, "artifact: over %d bytes (expected: at most that)".formatted(maxBytes)).exception();
    }

    static ProblemException sourceRefused(String why) {
        return Problem.of(ProblemType.SOURCE_REFUSED, why).exception();
    }

    static ProblemException treeRefused(String path, String detail) {
        return Problem.of(ProblemType.TREE_REFUSED, path + ": " + detail).with("path", path).exception();
    }

    static ProblemException malformedArchive(String path, String detail) {
        String where = path.equals(".") ? "archive: " : "archive, at " + path + ": ";
        return Problem.of(ProblemType.MALFORMED_ARCHIVE, where + detail).exception();
    }

    static ProblemException diskFull(String why) {
        return Problem.of(ProblemType.DISK_FULL, why).exception();
    }

    static ProblemException notStored(String why) {
        return Problem.of(ProblemType.NOT_STORED, why).exception();
    }

    static ProblemException notFetched(List<String> failures) {
        return Problem.of(ProblemType.NOT_FETCHED, "holders: " + String.join("; ", failures) + " (expected: one that sends its copy)")
                .exception();
    }

    static ProblemException keyReused(String key) {
        return Problem
                .of(
                        ProblemType.IDEMPOTENCY_KEY_REUSED,
                        "Idempotency-Key: " + key + " (expected: a key that was not used for another request)")
                .exception();
    }

    /** Returns what was stored, or refuses. */
    static PutOutcome.Stored stored(HostId host, EntryName name, long generation, TreePuts.Result result) {
        if (result instanceof TreePuts.Result.Settled(var _, var _, var _, var _, PutOutcome.Stored stored)) {
            return stored;
        }
        throw of(host, name, generation, result);
    }

    /** Returns the problem for any result of a put that stores nothing. */
    static ProblemException of(HostId host, EntryName name, long generation, TreePuts.Result result) {
        return switch (result) {
            case TreePuts.Result.Settled(var _, var _, var _, var _, var outcome) -> of(name, generation, outcome);
            case TreePuts.Result.UnknownNamespace() -> unknownNamespace(name.namespace());
            case TreePuts.Result.OtherBackend(var backend) -> otherBackend(name.namespace(), backend);
            case TreePuts.Result.TooLarge(var maxBytes) -> tooLarge(maxBytes);
            case TreePuts.Result.TreeRefused(var path, var detail) -> treeRefused(path, detail);
            case TreePuts.Result.ArchiveMalformed(var path, var detail) -> malformedArchive(path, detail);
            case TreePuts.Result.SourceRefused(var why) -> sourceRefused(why);
            case TreePuts.Result.DiskFull(var why) -> diskFull(why);
            case TreePuts.Result.Away(var unavailable) -> apart(unavailable);
            case TreePuts.Result.Draining() -> draining(host);
            case TreePuts.Result.KeyReused(var key) -> keyReused(key);
        };
    }

    /** Returns the problem for any outcome but {@link PutOutcome.Stored}. */
    static ProblemException of(EntryName name, long generation, PutOutcome outcome) {
        return switch (outcome) {
            case PutOutcome.Stored stored -> throw new IllegalArgumentException("outcome: " + stored + " (expected: one that refuses)");
            case PutOutcome.Evicted() -> Problem.of(
                    ProblemType.EVICTED,
                    "key: " + name.key() + " was stored and is gone again (expected: a put that nothing overtakes)").exception();
            case PutOutcome.Refused(ReplicaOutcome.Reason reason, String detail) -> switch (reason) {
                case UNKNOWN_NAMESPACE -> unknownNamespace(name.namespace());
                case TOO_LARGE -> Problem.of(ProblemType.TOO_LARGE, detail).exception();
                case NO_ROOM -> Problem.of(ProblemType.NO_ROOM, detail).exception();
                case WRITTEN_ALREADY -> Problem.of(ProblemType.WRITTEN_ALREADY, detail).exception();
                case GROUP_FULL -> Problem.of(ProblemType.GROUP_FULL, detail).exception();
                case DRAINING -> draining(detail);
            };
            case PutOutcome.Gone() -> Problem.of(
                    ProblemType.GENERATION_GONE,
                    "generation: %d (expected: the current one of key %s)".formatted(generation, name.key())).exception();
            case PutOutcome.NotRegistered(String why) ->
                    Problem.of(ProblemType.NOT_REGISTERED, why + "; nothing was stored, so the same request can be sent again")
                            .retryAfter(RETRY_AFTER)
                            .exception();
            case PutOutcome.Unknown() -> unknownOutcome("the registry did not answer in time");
        };
    }

    /** Returns what was found, or refuses. */
    public static HostArtifacts.Found.Served served(EntryName name, HostArtifacts.Found found) {
        return switch (found) {
            case HostArtifacts.Found.Served served -> served;
            case HostArtifacts.Found.Missing() -> throw unknownEntry(name);
            case HostArtifacts.Found.UnknownNamespace() -> throw unknownNamespace(name.namespace());
            case HostArtifacts.Found.OtherBackend(var backend) -> throw otherBackend(name.namespace(), backend);
            case HostArtifacts.Found.Away(var unavailable) -> throw apart(unavailable);
        };
    }

    /** Returns whether a put did not keep its content. */
    public static boolean keepsNothing(HostArtifacts.Result result) {
        return !(result instanceof HostArtifacts.Result.Accepted || result instanceof HostArtifacts.Result.Existing
                || result instanceof HostArtifacts.Result.Settled(PutOutcome.Stored _));
    }

    /** Returns the problem for any result of a put that keeps nothing. */
    public static ProblemException of(HostId host, EntryName name, long generation, HostArtifacts.Result result) {
        return switch (result) {
            case HostArtifacts.Result.Settled(var outcome) -> of(name, generation, outcome);
            case HostArtifacts.Result.UnknownNamespace() -> unknownNamespace(name.namespace());
            case HostArtifacts.Result.OtherBackend(var backend) -> otherBackend(name.namespace(), backend);
            case HostArtifacts.Result.TooLarge(var maxBytes) -> artifactTooLarge(maxBytes);
            case HostArtifacts.Result.DiskFull(var why) -> diskFull(why);
            case HostArtifacts.Result.ConditionUnmet() -> conditionUnmet(name);
            case HostArtifacts.Result.Away(var unavailable) -> apart(unavailable);
            case HostArtifacts.Result.Draining() -> draining(host);
            case HostArtifacts.Result.Accepted _, HostArtifacts.Result.Existing _ ->
                    throw new IllegalArgumentException("result: " + result + " (expected: one that refuses)");
        };
    }

    /** Returns the image that was deleted, or refuses. */
    public static SnapshotId deleted(Deletions.Deleted deleted) {
        return switch (deleted) {
            case Deletions.Deleted.Done(var snapshot) -> snapshot;
            case Deletions.Deleted.Refused(var problem) -> throw problem.exception();
            case Deletions.Deleted.OtherBackend(var namespace, var backend) -> throw otherBackend(namespace, backend);
            case Deletions.Deleted.Away(var unavailable) -> throw apart(unavailable);
            case Deletions.Deleted.Unknown(var why) -> throw unknownOutcome(why);
            case Deletions.Deleted.KeyReused(var reused) -> throw keyReused(reused);
        };
    }
}
