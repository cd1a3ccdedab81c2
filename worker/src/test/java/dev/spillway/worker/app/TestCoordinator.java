package dev.spillway.worker.app;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Operation;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.HttpLimits;
import dev.spillway.service.http.HttpService;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.service.monitoring.Readiness;
import dev.spillway.service.monitoring.ServiceEndpoints;
import dev.spillway.service.monitoring.ServiceMetrics;
import dev.spillway.service.settings.HostPort;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Speaks a coordinator's HTTP for a {@link TestRegistry}. */
final class TestCoordinator implements AutoCloseable {
    final TestRegistry registry;
    private final ServiceMetrics metrics = new ServiceMetrics();
    private final HttpService service;
    /** Verbs that are carried out and then get an unreadable answer. */
    final Set<String> answersLost = ConcurrentHashMap.newKeySet();
    /** Verbs that are not carried out, because the registry's database is away. */
    final Set<String> unavailable = ConcurrentHashMap.newKeySet();
    /** Number of reads of entries. */
    final AtomicInteger entriesAsked = new AtomicInteger();
    private final Map<String, Integer> refused = new ConcurrentHashMap<>();
    private final Map<String, Integer> carriedOut = new ConcurrentHashMap<>();
    /** Answers to deletions with an idempotency key. */
    private final Map<String, Map<String, Object>> kept = new ConcurrentHashMap<>();

    TestCoordinator(TestRegistry registry, int port) throws IOException, InterruptedException {
        this.registry = registry;
        this.service = HttpService.start(
                new HttpService.Options(
                        "coordinator",
                        new HostPort("127.0.0.1", port),
                        Optional.empty(),
                        HttpLimits.DEFAULT,
                        ServiceEndpoints.with(
                                List.of(
                                        message("join", JoinRequest.class),
                                        message("register", RegisterRequest.class),
                                        message("attach", AttachRequest.class),
                                        message("resolve", ResolveRequest.class),
                                        message("drop", DropRequest.class),
                                        message("touch", TouchRequest.class),
                                        message("heartbeat", HeartbeatRequest.class),
                                        message("reconcile", ReconcileRequest.class),
                                        message("discrepancies", DiscrepancyRequest.class),
                                        Endpoint.of(CoordinatorApi.GET_NAMESPACE, this::namespace),
                                        Endpoint.of(CoordinatorApi.GET_ENTRY, this::entry),
                                        Endpoint.of(CoordinatorApi.DELETE_ENTRY, this::delete)),
                                new Readiness(Duration.ofSeconds(1)),
                                metrics,
                                Optional.empty()),
                        failure -> Optional.empty(),
                        Optional.empty(),
                        metrics.registry()));
    }

    /** Returns the number of requests of a verb that were not carried out. */
    int refused(String verb) {
        return refused.getOrDefault(verb, 0);
    }

    /** Returns the number of requests of a verb that were carried out. */
    int carriedOut(String verb) {
        return carriedOut.getOrDefault(verb, 0);
    }

    /** Carries out no heartbeat from now on. When this returns, the worker has taken the answers of all that came before. */
    void stopHeartbeats() throws Exception {
        int before = refused("heartbeat");
        unavailable.add("heartbeat");
        RunningWorker.eventually(() -> refused("heartbeat") > before);
    }

    HostPort address() {
        return service.address();
    }

    private Endpoint message(String verb, Class<?> type) {
        return Endpoint.of(message(verb), request -> {
            if (unavailable.contains(verb)) {
                refused.merge(verb, 1, Integer::sum);
                throw Problem.of(ProblemType.REGISTRY_UNAVAILABLE, "nothing was changed").exception();
            }
            Object answer = registry.answer(request.body(type, TestRegistry.json()))
                    .orElseThrow(() -> Problem.of(ProblemType.FENCED, "another incarnation").exception());
            carriedOut.merge(verb, 1, Integer::sum);
            if (answersLost.contains(verb)) {
                throw Problem.of(ProblemType.OUTCOME_UNKNOWN, "the connection was lost while committing").exception();
            }
            return Response.ok(answer);
        }).json(1 << 20);
    }

    private static Operation message(String verb) {
        return CoordinatorApi.all()
                .stream()
                .filter(operation -> operation.template().endsWith("/{host}/" + verb))
                .findFirst()
                .orElseThrow();
    }

    private Response namespace(Request request) {
        NamespaceName name = request.parameter("namespace", NamespaceName::new);
        TestRegistry.Policy policy = registry.policy(name).orElseThrow(() -> missing(ProblemType.UNKNOWN_NAMESPACE));
        Map<String, Object> answer = new LinkedHashMap<>(Map.of("name", name, "entries", 0));
        if (policy.maxBytes() != null) {
            answer.put("maxBytes", policy.maxBytes());
        }
        answer.put("backend", policy.backend());
        return Response.ok(answer);
    }

    private Response entry(Request request) {
        entriesAsked.incrementAndGet();
        EntryName name = name(request);
        return Response.ok(registry.answer(name, registry.entry(name).orElseThrow(() -> missing(ProblemType.UNKNOWN_ENTRY))));
    }

    private Response delete(Request request) {
        if (unavailable.contains("delete")) {
            throw Problem.of(ProblemType.REGISTRY_UNAVAILABLE, "nothing was changed").exception();
        }
        Map<String, Object> answer = request.header("Idempotency-Key")
                .map(key -> kept.computeIfAbsent(key, first -> deleted(request)))
                .orElseGet(() -> deleted(request));
        if (answersLost.contains("delete")) {
            throw Problem.of(ProblemType.OUTCOME_UNKNOWN, "the connection was lost while committing").exception();
        }
        return Response.ok(answer);
    }

    private Map<String, Object> deleted(Request request) {
        EntryName name = name(request);
        TestRegistry.Entry entry = registry.entry(name).orElseThrow(() -> missing(ProblemType.UNKNOWN_ENTRY));
        Optional<SnapshotId> expected = request.query().value("ifSnapshot", SnapshotId::new);
        if (expected.isPresent() && !expected.get().equals(entry.snapshotId())) {
            throw Problem.of(ProblemType.OTHER_SNAPSHOT, "ifSnapshot: " + expected.get()).exception();
        }
        return Map.of("snapshotId", registry.invalidate(name).orElseThrow(() -> missing(ProblemType.UNKNOWN_ENTRY)));
    }

    private static EntryName name(Request request) {
        return new EntryName(request.parameter("namespace", NamespaceName::new), request.parameter("key", EntryKey::new));
    }

    private static RuntimeException missing(ProblemType type) {
        return Problem.of(type, "not here").exception();
    }

    @Override
    public void close() {
        service.close();
        metrics.close();
    }
}
