package dev.spillway.worker.registry;

import dev.spillway.api.PathEncoding;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.Json;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.service.client.JsonClient;
import dev.spillway.service.client.JsonClient.Call;
import dev.spillway.service.client.Outcome;
import dev.spillway.service.settings.HostPort;
import dev.spillway.worker.core.Delivery;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Talks to one of several coordinators: the one that answered last, and where that one surely did nothing the next. A request that may have
 * been carried out is never sent again here. Blocks; thread-safe.
 */
public final class RegistryClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryClient.class);
    private static final long ANSWER_BYTES_MAX = 64 << 20;

    private final List<HostPort> coordinators;
    private final Duration timeout;
    private final JsonClient client;
    private final AtomicInteger preferred = new AtomicInteger();

    /** What the registry says of an entry, as far as a worker needs it. */
    public record Entry(SnapshotId snapshotId, long generation) {}

    public record DeletedEntry(SnapshotId snapshotId) {}

    /** @param maxBytes of the whole namespace, so of one image too; absent for no bound */
    public record Namespace(NamespaceName name, @Nullable Long maxBytes) {}

    /** Where a message goes, and what it is answered with. */
    private record Verb(String name, Class<?> answer) {}

    /**
     * A client with connections of its own.
     *
     * @param timeout of each attempt, from connecting to the last byte
     */
    public RegistryClient(List<HostPort> coordinators, Duration connectWithin, Duration timeout) {
        if (coordinators.isEmpty()) {
            throw new IllegalArgumentException("coordinators: none (expected: at least one)");
        }
        this.coordinators = List.copyOf(coordinators);
        this.timeout = timeout;
        this.client = new JsonClient(Json.tolerant(), connectWithin, ANSWER_BYTES_MAX);
    }

    /** Sends a worker's message and says what came of it. */
    public Delivery<?> send(WorkerMessage<?> message) throws InterruptedException {
        Verb verb = verb(message);
        return switch (anywhere(coordinator -> Call.post(worker(coordinator, message.hostId(), verb.name()), message, timeout),
                verb.answer())) {
            case Outcome.Answer<?>(var _, ReconcileAnswer(var rows, var last)) when rows.isEmpty() && !last ->
                    new Delivery.Lost<>("reconcile: answered with an empty page that is not the last (expected: rows)");
            case Outcome.Answer<?>(var _, var answer) -> new Delivery.Replied<>(new Reply.Accepted<>(answer));
            case Outcome.Refused<?>(var problem) -> refused(verb, problem);
            case Outcome.Unreachable<?>(var why) -> new Delivery.NotDelivered<>(why);
            case Outcome.Unknown<?>(var why) -> new Delivery.Lost<>(why);
        };
    }

    private static Delivery<?> refused(Verb verb, Problem problem) {
        if (problem.type() == ProblemType.FENCED) {
            return new Delivery.Replied<>(new Reply.Fenced<>(problem.detail()));
        }
        String why = "%s: answered %s".formatted(verb.name(), problem);
        if (problem.status() == 503) {
            return new Delivery.NotDelivered<>(why);
        }
        if (problem.status() < 500) {
            LOG.error("the coordinator does not understand a message, which one of a newer version would: {}", why);
            return new Delivery.NotDelivered<>(why);
        }
        return new Delivery.Lost<>(why);
    }

    /** The registry's entry, which this does not touch. */
    public Outcome<Entry> entry(EntryName name) throws InterruptedException {
        return anywhere(coordinator -> Call.get(entry(coordinator, name, "?touch=false"), timeout), Entry.class);
    }

    public Outcome<Namespace> namespace(NamespaceName name) throws InterruptedException {
        return anywhere(coordinator -> Call.get(uri(coordinator, "/v1/namespaces/" + PathEncoding.encode(name.value())), timeout),
                Namespace.class);
    }

    /** Evicts an entry, if it names the expected snapshot. */
    public Outcome<DeletedEntry> delete(EntryName name, Optional<SnapshotId> ifSnapshot, Optional<String> idempotencyKey)
            throws InterruptedException {
        String query = ifSnapshot.map(snapshot -> "?ifSnapshot=" + PathEncoding.encode(snapshot.value())).orElse("");
        return anywhere(coordinator -> {
            Call call = Call.delete(entry(coordinator, name, query), timeout);
            return idempotencyKey.map(call::idempotencyKey).orElse(call);
        }, DeletedEntry.class);
    }

    private static Verb verb(WorkerMessage<?> message) {
        return switch (message) {
            case JoinRequest _ -> new Verb("join", JoinAnswer.class);
            case RegisterRequest _ -> new Verb("register", ReplicaOutcomes.class);
            case AttachRequest _ -> new Verb("attach", ReplicaOutcomes.class);
            case ResolveRequest _ -> new Verb("resolve", ReplicaOutcomes.class);
            case DropRequest _ -> new Verb("drop", DropAnswer.class);
            case TouchRequest _ -> new Verb("touch", TouchRequest.Counted.class);
            case HeartbeatRequest _ -> new Verb("heartbeat", HeartbeatAnswer.class);
            case ReconcileRequest _ -> new Verb("reconcile", ReconcileAnswer.class);
            case ReadoptRequest _ -> new Verb("readopt", ReplicaOutcomes.class);
            case DiscrepancyRequest _ -> new Verb("discrepancies", DiscrepancyAnswer.class);
        };
    }

    private <T> Outcome<T> anywhere(Function<HostPort, Call> call, Class<T> type) throws InterruptedException {
        int first = preferred.get();
        Outcome<T> outcome = new Outcome.Unreachable<>("no coordinator was tried");
        for (int next = 0; next < coordinators.size(); next++) {
            int chosen = Math.floorMod(first + next, coordinators.size());
            outcome = client.send(call.apply(coordinators.get(chosen)), type);
            boolean surelyNotDone = outcome instanceof Outcome.Unreachable<T>
                    || (outcome instanceof Outcome.Refused<T>(var problem) && problem.status() == 503);
            if (!surelyNotDone) {
                preferred.set(chosen);
                return outcome;
            }
        }
        return outcome;
    }

    private static URI worker(HostPort coordinator, HostId host, String verb) {
        return uri(coordinator, "/v1/workers/" + PathEncoding.encode(host.value()) + "/" + verb);
    }

    private static URI entry(HostPort coordinator, EntryName name, String query) {
        return uri(coordinator, "/v1/namespaces/" + PathEncoding.encode(name.namespace().value()) + "/entries/"
                + PathEncoding.encode(name.key().value()) + query);
    }

    private static URI uri(HostPort coordinator, String path) {
        return URI.create("http://" + coordinator + path);
    }

    @Override
    public void close() {
        client.close();
    }
}
