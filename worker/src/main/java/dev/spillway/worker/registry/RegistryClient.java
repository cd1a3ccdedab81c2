package dev.spillway.worker.registry;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Operation;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.api.RequestTarget;
import dev.spillway.api.body.Plans;
import dev.spillway.api.body.Tokens;
import dev.spillway.client.http.Call;
import dev.spillway.client.http.ClientSecurity;
import dev.spillway.client.http.JsonClient;
import dev.spillway.client.http.Outcome;
import dev.spillway.client.http.ServerAddress;
import dev.spillway.client.http.Servers;
import dev.spillway.events.Backend;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.GroupName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.codec.Json;
import dev.spillway.events.codec.MessageKey;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.service.settings.HostPort;
import dev.spillway.worker.core.model.Delivery;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends requests to one of several coordinators: the one that answered last, or the next one if that one surely did nothing. A request that may have
 * been carried out is never sent again here. Blocks; thread-safe.
 */
public final class RegistryClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryClient.class);
    private static final long ANSWER_BYTES_MAX = 64 << 20;

    private final Duration timeout;
    private final JsonClient client;
    private final Servers coordinators;
    private volatile @Nullable MessageKey messageKey;

    /**
     * The part of the registry's answer about an entry that a worker needs.
     *
     * @param content digest of an artifact's content, if it is known
     * @param group the group of an artifact, if it has one
     */
    public record Entry(
            SnapshotId snapshotId,
            long generation,
            @Nullable String description,
            @Nullable SortedMap<String, String> labels,
            @Nullable ContentDigest content,
            @Nullable GroupName group,
            @Nullable List<Holder> replicas,
            @Nullable Long sizeBytes) {
        /** Returns its description with its labels. */
        public Description described() {
            return new Description(description == null ? "" : description, labels == null ? new TreeMap<>() : labels);
        }

        /** Returns the hosts that have a copy. */
        public List<Holder> holders() {
            return replicas == null ? List.of() : replicas.stream().filter(holder -> "LIVE".equals(holder.state())).toList();
        }
    }

    /**
     * A host that has a copy.
     *
     * @param replicaId id of the copy, which grows with the time at which it was made; absent from a registry of an older version
     * @param storeId the store that it is in; absent from a registry of an older version
     * @param address address of its worker; absent from a registry of an older version
     */
    public record Holder(
            HostId hostId,
            String state,
            @Nullable ReplicaId replicaId,
            @Nullable StoreId storeId,
            @Nullable String address) {}

    public record DeletedEntry(SnapshotId snapshotId) {}

    /**
     * The part of a namespace that a worker needs.
     *
     * @param maxBytes limit of the whole namespace, and so of one image; absent for no limit
     * @param backend absent for directories
     * @param evictionPolicy absent for LRU
     */
    public record Namespace(
            NamespaceName name,
            @Nullable Long maxBytes,
            @Nullable Backend backend,
            @Nullable Duration minResidency,
            @Nullable Boolean writeOnce,
            @Nullable EvictionPolicy evictionPolicy) {
        /** Returns what the registry tells at a join. */
        public PolicySet.Entry policy(NamespaceName of) {
            return new PolicySet.Entry(
                    of,
                    maxBytes,
                    backend == null ? Backend.DIRECTORY : backend,
                    minResidency,
                    Boolean.TRUE.equals(writeOnce),
                    evictionPolicy);
        }
    }

    /** The operation of a message and the type of its answer. */
    private record Verb(Operation operation, Class<?> answer) {}

    /** The part of a plan that a worker needs. */
    public record Plan(PlanId id, Plans.State state, Plans.@Nullable Applied applied) {}

    /**
     * Creates a client with connections of its own.
     *
     * @param timeout time for each attempt, from connecting to the last byte
     * @param security TLS is spoken where it says whose certificates are believed
     */
    public RegistryClient(List<HostPort> coordinators, Duration connectWithin, Duration timeout, ClientSecurity security) {
        this.timeout = timeout;
        this.client = new JsonClient(Json.tolerant(), connectWithin, ANSWER_BYTES_MAX, security);
        this.coordinators =
                new Servers(
                        client,
                        coordinators.stream()
                                .<ServerAddress>map(each -> new ServerAddress.Tcp(each.host(), each.port(), security.tls() != null))
                                .toList());
    }

    /** Sends a worker's message and returns the outcome. */
    public Delivery<?> send(WorkerMessage<?> message) throws InterruptedException {
        Verb verb = verb(message);
        return switch (coordinators.send(call(verb.operation().at(message.hostId())).body(message), verb.answer())) {
            case Outcome.Answer<?>(var _, ReconcileAnswer(var rows, var last)) when rows.isEmpty() && !last ->
                    new Delivery.Lost<>("reconcile: answered with an empty page that is not the last (expected: rows)");
            case Outcome.Answer<?>(var _, var answer) -> {
                learn(answer);
                yield new Delivery.Replied<>(new Reply.Accepted<>(answer));
            }
            case Outcome.Refused<?>(var problem) -> refused(verb, problem);
            case Outcome.Unreachable<?>(var why) -> new Delivery.NotDelivered<>(why);
            case Outcome.Unknown<?>(var why) -> new Delivery.Lost<>(why);
        };
    }

    /** Takes the host's key from an answer before the answer is acted on, because orders that are read after that need the key. */
    private void learn(Object answer) {
        MessageKey told = answer instanceof JoinAnswer.Joined joined ? joined.messageKey()
                : answer instanceof HeartbeatAnswer heard ? heard.messageKey() : null;
        messageKey = told == null ? messageKey : told;
    }

    /** Returns the key of this host's messages on Kafka, as the registry told it last; empty before the first join. */
    public Optional<MessageKey> messageKey() {
        return Optional.ofNullable(messageKey);
    }

    private static Delivery<?> refused(Verb verb, Problem problem) {
        if (problem.type() == ProblemType.FENCED) {
            return new Delivery.Replied<>(new Reply.Fenced<>(problem.detail()));
        }
        String why = "%s: answered %s".formatted(verb.operation(), problem);
        if (problem.status() == 503) {
            return new Delivery.NotDelivered<>(why);
        }
        if (problem.status() < 500) {
            LOG.error(
                    problem.type() == ProblemType.UNAUTHENTICATED || problem.type() == ProblemType.FORBIDDEN
                            ? "the coordinator refuses this host's token or certificate: {}"
                            : "the coordinator does not understand a message, which one of a newer version would: {}",
                    why);
            return new Delivery.NotDelivered<>(why);
        }
        return new Delivery.Lost<>(why);
    }

    /**
     * Reads the registry's entry, and counts neither a hit nor a miss: this host reports those of its readers.
     *
     * @param touch whether the entry becomes the most recently used one
     */
    public Outcome<Entry> entry(EntryName name, boolean touch) throws InterruptedException {
        return coordinators.send(
                call(CoordinatorApi.GET_ENTRY.at(name.namespace(), name.key()).with("touch", touch).with("count", false)),
                Entry.class);
    }

    public Outcome<Namespace> namespace(NamespaceName name) throws InterruptedException {
        return coordinators.send(call(CoordinatorApi.GET_NAMESPACE.at(name)), Namespace.class);
    }

    /** Asks for the owner of a token. */
    public Outcome<Tokens.Found> token(String digest) throws InterruptedException {
        return coordinators.send(call(CoordinatorApi.FIND_TOKEN.at()).body(new Tokens.Find(digest)), Tokens.Found.class);
    }

    /** Evicts an entry, if it names the expected snapshot, in the name of the client for whom this thread works. */
    public Outcome<DeletedEntry> delete(EntryName name, Optional<SnapshotId> ifSnapshot, Optional<String> idempotencyKey)
            throws InterruptedException {
        RequestTarget target = CoordinatorApi.DELETE_ENTRY.at(name.namespace(), name.key()).with("ifSnapshot", ifSnapshot.orElse(null));
        return coordinators.send(keyed(Outgoing.passedOn(call(target)), idempotencyKey), DeletedEntry.class);
    }

    /**
     * Evicts the least recently used entries of a namespace until it is within the bounds, in the name of the client. While the plan in the answer is
     * APPLYING, the caller applies it again.
     */
    public Outcome<Plan> prune(NamespaceName name, Plans.Prune prune, Optional<String> idempotencyKey) throws InterruptedException {
        return coordinators.send(
                keyed(Outgoing.passedOn(call(CoordinatorApi.PRUNE_NAMESPACE.at(name))).body(prune), idempotencyKey),
                Plan.class);
    }

    public Outcome<Plan> apply(PlanId plan) throws InterruptedException {
        return coordinators.send(Outgoing.passedOn(call(CoordinatorApi.APPLY_PLAN.at(plan))), Plan.class);
    }

    private Call call(RequestTarget target) {
        return Outgoing.traced(Call.of(target, timeout));
    }

    private static Call keyed(Call call, Optional<String> idempotencyKey) {
        return idempotencyKey.map(call::idempotencyKey).orElse(call);
    }

    private static Verb verb(WorkerMessage<?> message) {
        return switch (message) {
            case JoinRequest _ -> new Verb(CoordinatorApi.JOIN, JoinAnswer.class);
            case RegisterRequest _ -> new Verb(CoordinatorApi.REGISTER, ReplicaOutcomes.class);
            case AttachRequest _ -> new Verb(CoordinatorApi.ATTACH, ReplicaOutcomes.class);
            case ResolveRequest _ -> new Verb(CoordinatorApi.RESOLVE, ReplicaOutcomes.class);
            case DropRequest _ -> new Verb(CoordinatorApi.DROP, DropAnswer.class);
            case TouchRequest _ -> new Verb(CoordinatorApi.TOUCH, TouchRequest.Counted.class);
            case HeartbeatRequest _ -> new Verb(CoordinatorApi.HEARTBEAT, HeartbeatAnswer.class);
            case ReconcileRequest _ -> new Verb(CoordinatorApi.RECONCILE, ReconcileAnswer.class);
            case ReadoptRequest _ -> new Verb(CoordinatorApi.READOPT, ReplicaOutcomes.class);
            case DiscrepancyRequest _ -> new Verb(CoordinatorApi.DISCREPANCIES, DiscrepancyAnswer.class);
        };
    }

    @Override
    public void close() {
        client.close();
    }
}
