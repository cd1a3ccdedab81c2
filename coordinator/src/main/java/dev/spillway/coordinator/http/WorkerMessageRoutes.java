package dev.spillway.coordinator.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Operation;
import dev.spillway.coordinator.identity.FleetSecret;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.codec.Json;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.registry.Registry;
import dev.spillway.registry.decide.Command;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.service.settings.HostPort;
import java.util.Collection;
import java.util.List;

/** Routes of the messages of workers. Each is a POST of the message's record, answered with its answer's record. */
final class WorkerMessageRoutes {
    /** Upper bound on items of one message that become rows, so that its transaction does not hold up others. */
    static final int ITEMS_MAX = 1_000;
    /** Upper bound on ids and keys in one message. */
    static final int NAMES_MAX = 10_000;
    /** Upper bound on drops in one message. A worker sends all drops in one message, because their share of the host's replicas is judged. */
    static final int DROPS_MAX = 100_000;

    private static final long BODY_BYTES_MAX = 4 << 20;
    /**
     * Size limit of messages that cannot be split without losing their meaning (the size of a loss, the latest uses, the number of differences), and
     * of messages with descriptions.
     */
    private static final long WHOLE_BYTES_MAX = 16 << 20;

    private final Registry registry;
    private final Backlog backlog;
    private final FleetSecret secret;
    /** Ignores unknown fields, because a worker may be newer than this coordinator. */
    private final ObjectMapper json = Json.tolerant();

    WorkerMessageRoutes(Registry registry, Backlog backlog, FleetSecret secret) {
        this.registry = registry;
        this.backlog = backlog;
        this.secret = secret;
    }

    List<Endpoint> endpoints() {
        return List.of(
                endpoint(CoordinatorApi.JOIN, JoinRequest.class, BODY_BYTES_MAX),
                endpoint(CoordinatorApi.REGISTER, RegisterRequest.class, BODY_BYTES_MAX),
                endpoint(CoordinatorApi.ATTACH, AttachRequest.class, BODY_BYTES_MAX),
                endpoint(CoordinatorApi.RESOLVE, ResolveRequest.class, BODY_BYTES_MAX),
                endpoint(CoordinatorApi.READOPT, ReadoptRequest.class, WHOLE_BYTES_MAX),
                endpoint(CoordinatorApi.DROP, DropRequest.class, WHOLE_BYTES_MAX),
                endpoint(CoordinatorApi.TOUCH, TouchRequest.class, WHOLE_BYTES_MAX),
                endpoint(CoordinatorApi.HEARTBEAT, HeartbeatRequest.class, BODY_BYTES_MAX),
                endpoint(CoordinatorApi.RECONCILE, ReconcileRequest.class, BODY_BYTES_MAX),
                endpoint(CoordinatorApi.DISCREPANCIES, DiscrepancyRequest.class, WHOLE_BYTES_MAX));
    }

    private <M extends WorkerMessage<?>> Endpoint endpoint(Operation operation, Class<M> type, long bytesMax) {
        return Endpoint.of(operation, request -> take(request, request.body(type, json))).json(bytesMax);
    }

    private Response take(Request request, WorkerMessage<?> message) {
        HostId host = request.parameter("host", HostId::new);
        if (!host.equals(message.hostId())) {
            throw new InvalidValueException("hostId", message.hostId(), host + ", the host of the path");
        }
        check(message);
        if (message instanceof RegisterRequest) {
            backlog.requireRoom();
        }
        return switch (ask(message)) {
            // The caller has proved that it is this host, if identities are required.
            case Reply.Accepted<?>(JoinAnswer.Joined joined) -> Response.ok(joined.with(secret.keyOf(host)));
            case Reply.Accepted<?>(HeartbeatAnswer heard) -> Response.ok(heard.with(secret.keyOf(host)));
            case Reply.Accepted<?>(var answer) -> Response.ok(answer);
            case Reply.Fenced<?>(var why) -> throw RegistryProblems.fenced(why);
        };
    }

    private <A> Reply<A> ask(WorkerMessage<A> message) {
        return registry.execute(new Command.FromWorker<>(message));
    }

    /** Refuses invalid messages before they share a transaction with other commands. */
    private static void check(WorkerMessage<?> message) {
        switch (message) {
            case JoinRequest join -> address(join.address());
            case RegisterRequest register -> bounded("items", register.items(), ITEMS_MAX);
            case AttachRequest attach -> bounded("items", attach.items(), ITEMS_MAX);
            case ResolveRequest resolve -> bounded("replicaIds", resolve.replicaIds(), NAMES_MAX);
            case ReadoptRequest readopt -> bounded("items", readopt.items(), ITEMS_MAX);
            case DropRequest drop -> bounded("items", drop.items(), DROPS_MAX);
            case TouchRequest touch -> {
                bounded("used", touch.used(), NAMES_MAX);
                touch.used().forEach(used -> {
                    InvalidValueException.requireAtLeast("hits", used.hits(), 0);
                    InvalidValueException.requireAtLeast("ageMillis", used.ageMillis(), 0);
                });
                bounded("missed", touch.missed(), NAMES_MAX);
                touch.missed().forEach(missed -> InvalidValueException.requireAtLeast("misses", missed.misses(), 0));
            }
            case HeartbeatRequest heartbeat -> bounded("unacknowledged", heartbeat.unacknowledged(), NAMES_MAX);
            case ReconcileRequest _ -> {}
            case DiscrepancyRequest discrepancies -> {
                bounded("ghosts", discrepancies.ghosts(), NAMES_MAX);
                bounded("orphans", discrepancies.orphans(), NAMES_MAX);
            }
        }
    }

    private static void bounded(String name, Collection<?> items, int most) {
        if (items.size() > most) {
            throw new InvalidValueException(name, items.size() + " items", "at most " + most + " in one message");
        }
    }

    private static void address(String address) {
        try {
            HostPort.parse(address.startsWith("https://") ? address.substring("https://".length()) : address);
        } catch (IllegalArgumentException e) {
            throw new InvalidValueException(
                    "address",
                    address,
                    "host:port, such as 127.0.0.1:7080, with https:// before it if TLS is spoken");
        }
    }
}
