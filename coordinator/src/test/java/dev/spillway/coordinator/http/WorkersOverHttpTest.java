package dev.spillway.coordinator.http;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.api.body.Evictions;
import dev.spillway.api.body.Hosts;
import dev.spillway.api.body.Namespaces;
import dev.spillway.api.body.Orders;
import dev.spillway.api.body.Page;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.StoreId;
import dev.spillway.events.codec.MessageKey;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.TouchRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Workers' messages, and what evictions and hosts look like to whoever watches them. */
class WorkersOverHttpTest extends OverHttp {
    WorkersOverHttpTest() {
        super(1);
    }

    @Test
    void aHostIsToldItsOwnKeyWhenItJoinsAndWithEachHeartbeat() throws Exception {
        for (String host : List.of("host-1", "host-2")) {
            String key = ServedRegistry.SECRET.keyOf(new HostId(host)).reveal();
            Sender sender = http.join(host);
            JoinRequest again = new JoinRequest(
                    sender.hostId(),
                    sender.storeId(),
                    "127.0.0.1:7080",
                    List.of(1),
                    ServedRegistry.REGISTRY,
                    sender.epoch(),
                    0,
                    new JoinRequest.WorkerProcess(UUID.randomUUID(), false),
                    sender.incarnation());
            assertThat(http.worker(sender.hostId(), "join", again).is(200).tree().path("messageKey").asText()).isEqualTo(key);
            MessageKey told = heartbeat(http.join(host), List.of()).messageKey();
            assertThat(Objects.requireNonNull(told).reveal()).isEqualTo(key);
        }
    }

    @Test
    void anEvictedReplicaIsOrderedByHeartbeatReportedAndClosed() throws Exception {
        Sender sender = http.join("host-1");
        Registration first = http.registration("vm", "a", "sa");
        http.register(sender, first);
        var registered = (ReplicaOutcome.Registered) http.register(sender, http.registration("vm", "b", "sb"));
        assertThat(registered.evicted()).hasSize(1);

        Evictions.Eviction open = evictions("?state=open").getFirst();
        assertThat(open.key()).isEqualTo(new EntryKey("a"));
        assertThat(open.replicas()).isEqualTo(1);
        assertThat(open.orders()).singleElement().satisfies(order -> {
            assertThat(order.replicaId()).isEqualTo(first.replicaId());
            assertThat(order.hostId()).isEqualTo(sender.hostId());
            assertThat(order.state()).isEqualTo(Orders.State.OPEN);
        });
        assertThat(host("host-1").openOrders()).isEqualTo(1);

        HeartbeatAnswer beat = heartbeat(sender, List.of());
        assertThat(beat.orders()).singleElement().satisfies(order -> assertThat(order.replicaId()).isEqualTo(first.replicaId()));
        var deleted = new Report(first.replicaId(), sender.hostId(), sender.storeId(), Report.Result.DELETED, null, null, 4096);
        assertThat(heartbeat(sender, List.of(deleted)).acknowledged()).containsExactly(first.replicaId());

        Evictions.Eviction closed = http.get("/v1/evictions/" + open.id()).is(200).as(Evictions.Eviction.class);
        assertThat(closed.state()).isEqualTo(Evictions.State.CLOSED);
        assertThat(closed.orders()).singleElement().satisfies(order -> {
            assertThat(order.state()).isEqualTo(Orders.State.DELETED);
            assertThat(order.attempts()).isEqualTo(1);
            assertThat(order.closedAt()).isEqualTo(ServedRegistry.START);
        });
        assertThat(evictions("?state=open")).isEmpty();
        assertThat(evictions("?state=closed&host=host-1&namespace=vm")).containsExactly(closed);
    }

    @Test
    void everyMessageIsAnswered() throws Exception {
        Sender one = http.join("host-1");
        Sender two = http.join("host-2");
        Registration registration = http.registration("vm", "a", "sa");
        var registered = (ReplicaOutcome.Registered) http.register(one, registration);

        var copy = new Attachment(
                ReplicaId.mint(http.now.get(), http.random),
                new NamespaceName("vm"),
                new EntryKey("a"),
                registered.generation(),
                4096,
                registered.snapshotId());
        assertThat(http.worker(two.hostId(), "attach", new AttachRequest(two, List.of(copy))).is(200).as(ReplicaOutcomes.class).outcomes())
                .singleElement()
                .isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(
                http.worker(one.hostId(), "resolve", new ResolveRequest(one, List.of(registration.replicaId())))
                        .is(200)
                        .as(ReplicaOutcomes.class)
                        .outcomes())
                .singleElement()
                .isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(
                http.worker(
                        one.hostId(),
                        "touch",
                        new TouchRequest(
                                one,
                                List.of(new TouchRequest.Used(new EntryName(new NamespaceName("vm"), new EntryKey("a")), 3)),
                                List.of()))
                        .is(200).response
                        .body())
                .isEqualTo("{}");
        assertThat(http.get("/v1/namespaces/vm").as(Namespaces.Namespace.class).hits()).isEqualTo(3);
        assertThat(http.worker(one.hostId(), "reconcile", new ReconcileRequest(one, null)).is(200).as(ReconcileAnswer.class))
                .isEqualTo(new ReconcileAnswer(List.of(registration.replicaId()), true));
        assertThat(
                http.worker(one.hostId(), "discrepancies", new DiscrepancyRequest(one, List.of(), List.of(), 1))
                        .is(200)
                        .as(DiscrepancyAnswer.class))
                .isEqualTo(new DiscrepancyAnswer(0, 0, 0));
        assertThat(
                http
                        .worker(
                                two.hostId(),
                                "drop",
                                new DropRequest(two, List.of(new DropRequest.Drop(copy.replicaId(), DropRequest.Reason.BOUNDS))))
                        .is(200)
                        .as(DropAnswer.class))
                .isEqualTo(new DropAnswer(List.of(copy.replicaId()), List.of()));
    }

    @Test
    void aHostIsDrainedAndLetTakePartAgain() throws Exception {
        http.namespace("shared", 10);
        Sender one = http.join("host-1");
        Sender two = http.join("host-2");
        http.register(one, http.registration("shared", "a", "sa"));
        http.register(two, http.registration("shared", "a", "sa"));
        http.register(one, http.registration("shared", "only-here", "sb"));

        Hosts.DrainChanged draining = http.post("/v1/hosts/host-1/drain").is(200).as(Hosts.DrainChanged.class);
        assertThat(draining).isEqualTo(new Hosts.DrainChanged(one.hostId(), ServedRegistry.START));
        assertThat(http.post("/v1/hosts/host-1/drain").is(200).as(Hosts.DrainChanged.class)).as("again").isEqualTo(draining);
        assertThat(host("host-1")).satisfies(host -> {
            assertThat(host.state()).isEqualTo(Hosts.State.DRAINING);
            assertThat(host.drain())
                    .isEqualTo(new Hosts.Drain(ServedRegistry.START, 1, host.bytes() / 2, ServedRegistry.START, false));
        });
        assertThat(host("host-2").drain()).isNull();
        assertThat(heartbeat(one, List.of()).draining()).isTrue();
        assertThat(heartbeat(two, List.of()).draining()).isFalse();
        assertThat(http.register(one, http.registration("shared", "c", "sc"))).isInstanceOfSatisfying(
                ReplicaOutcome.Refused.class,
                refused -> assertThat(refused.reason()).isEqualTo(ReplicaOutcome.Reason.DRAINING));

        assertThat(http.delete("/v1/hosts/host-1/drain").is(200).as(Hosts.DrainChanged.class))
                .isEqualTo(new Hosts.DrainChanged(one.hostId(), null));
        assertThat(http.delete("/v1/hosts/host-1/drain").is(200).as(Hosts.DrainChanged.class)).as("again")
                .isEqualTo(new Hosts.DrainChanged(one.hostId(), null));
        assertThat(host("host-1").state()).isEqualTo(Hosts.State.ACTIVE);

        assertThat(http.post("/v1/hosts/nobody/drain").is(404).tree().path("type").asText()).endsWith(":unknown-host");
        assertThat(http.delete("/v1/hosts/nobody/drain").is(404).tree().path("type").asText()).endsWith(":unknown-host");
        http.delete("/v1/hosts/host-2").is(200);
        var refused = http.post("/v1/hosts/host-2/drain").is(409).tree();
        assertThat(refused.path("type").asText()).endsWith(":host-refused");
        assertThat(refused.path("detail").asText()).contains("host-2", "retired");
    }

    @Test
    void anEarlierIncarnationIsFenced() throws Exception {
        Sender before = http.join("host-1");
        Sender now = http.join("host-1");
        assertThat(now.incarnation()).isGreaterThan(before.incarnation());
        var answer = http.worker(before.hostId(), "heartbeat", new HeartbeatRequest(before, HostFigures.NONE, List.of(), 0, 0)).is(409);
        assertThat(answer.tree().path("type").asText()).isEqualTo("urn:spillway:problem:fenced");
        assertThat(answer.tree().path("detail").asText()).contains("incarnation");
        assertThat(
                http.worker(before.hostId(), "register", new RegisterRequest(before, List.of(http.registration("vm", "a", "sa"))))
                        .is(409)
                        .tree()
                        .path("type")
                        .asText())
                .isEqualTo("urn:spillway:problem:fenced");
        http.get("/v1/namespaces/vm/entries/a").is(404);
    }

    @Test
    void aRefusedJoinSaysTheWayOut() throws Exception {
        Sender known = http.join("host-1");
        var other =
                new JoinRequest(
                        known.hostId(),
                        StoreId.parse("6fa459ea-ee8a-4ca4-894e-db77e160355e"),
                        "127.0.0.1:7081",
                        List.of(1),
                        new JoinRequest.WorkerProcess(UUID.randomUUID(), false));
        assertThat(refusals()).isEmpty();
        JoinAnswer answer = http.worker(known.hostId(), "join", other).is(200).as(JoinAnswer.class);
        List<Hosts.JoinRefusal> shown = refusals();
        assertThat(answer).isInstanceOfSatisfying(JoinAnswer.Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(JoinAnswer.Reason.HOST_ID_IN_USE);
            assertThat(shown).containsExactly(
                    new Hosts.JoinRefusal(
                            other.hostId(),
                            other.storeId(),
                            "127.0.0.1:7081",
                            JoinAnswer.Reason.HOST_ID_IN_USE,
                            refused.detail(),
                            ServedRegistry.START));
        });
    }

    @Test
    void theHostOfThePathIsTheSenders() throws Exception {
        Sender sender = http.join("host-1");
        http.worker(new HostId("host-2"), "heartbeat", new HeartbeatRequest(sender, HostFigures.NONE, List.of(), 0, 0))
                .isProblem(400, "invalid-value", "hostId: host-1 (expected: host-2, the host of the path)");
        http.post("/v1/workers/Host/heartbeat", "{}").is(400);
    }

    @Test
    void aMessageOfManyItemsIsTakenUpToItsBound() throws Exception {
        http.namespace("many", 100_000);
        Sender sender = http.join("host-1");
        List<Registration> items = new ArrayList<>(
                IntStream.range(0, WorkerMessageRoutes.ITEMS_MAX).mapToObj(i -> http.registration("many", "k" + i, "s" + i)).toList());
        assertThat(
                http.worker(sender.hostId(), "register", new RegisterRequest(sender, items)).is(200).as(ReplicaOutcomes.class).outcomes())
                .hasSize(WorkerMessageRoutes.ITEMS_MAX)
                .allMatch(ReplicaOutcome.Registered.class::isInstance);
        items.add(http.registration("many", "one more", "s"));
        http.worker(sender.hostId(), "register", new RegisterRequest(sender, items))
                .isProblem(400, "invalid-value", "items: 1001 items (expected: at most 1000 in one message)");
        http.get("/v1/namespaces/many/entries/one%20more").is(404);
    }

    @Test
    void aMessageBeyondFourMebibytesIsRefused() throws Exception {
        Sender sender = http.join("host-1");
        http.post("/v1/workers/host-1/register", "{\"sender\":\"" + "x".repeat(4 << 20) + "\"}").is(413);
        assertThat(host("host-1").incarnation()).isEqualTo(sender.incarnation());
    }

    @Test
    void whatCanNeverBeRightIsRefusedBeforeItTouchesTheRegistry() throws Exception {
        Sender sender = http.join("host-1");
        var right = (ObjectNode) http.json.valueToTree(new RegisterRequest(sender, List.of(http.registration("vm", "a", "sa"))));
        var negative = right.deepCopy();
        ((ObjectNode) negative.path("items").get(0)).put("sizeBytes", -1);
        http.post("/v1/workers/host-1/register", negative.toString())
                .isProblem(400, "invalid-value", "items[0].sizeBytes: -1 (expected: 0 or more)");
        var nothing = right.deepCopy();
        nothing.putArray("items").addNull();
        http.post("/v1/workers/host-1/register", nothing.toString()).is(400);
        var noKey = right.deepCopy();
        ((ObjectNode) noKey.path("items").get(0)).remove("key");
        http.post("/v1/workers/host-1/register", noKey.toString())
                .isProblem(400, "invalid-value", "items[0].key: missing (expected: a text)");
        var noAddress = new JoinRequest(
                sender.hostId(),
                sender.storeId(),
                "nowhere",
                List.of(1),
                new JoinRequest.WorkerProcess(UUID.randomUUID(), false));
        http.worker(sender.hostId(), "join", noAddress)
                .isProblem(
                        400,
                        "invalid-value",
                        "address: nowhere (expected: host:port, such as 127.0.0.1:7080, with https:// before it if TLS is spoken)");
        http.get("/v1/namespaces/vm/entries/a").is(404);
    }

    @Test
    void aNewerWorkerMaySendMoreThanIsKnownHere() throws Exception {
        Sender sender = http.join("host-1");
        var newer = (ObjectNode) http.json.valueToTree(new HeartbeatRequest(sender, HostFigures.NONE, List.of(), 0, 0));
        newer.put("addedLater", 1);
        http.post("/v1/workers/host-1/heartbeat", newer.toString()).is(200);
    }

    @Test
    void anUnknownMessageIsNothing() throws Exception {
        http.post("/v1/workers/host-1/plunder", "{}").is(404);
        http.get("/v1/workers/host-1/join").is(405);
    }

    @Test
    void hostsAreListedWithTheirState() throws Exception {
        Sender one = http.join("host-1");
        http.join("host-2");
        http.register(one, http.registration("vm", "a", "sa"));
        heartbeat(one, List.of());
        http.pass(Duration.ofSeconds(3));
        var hosts = http.get("/v1/hosts").is(200).as(new TypeReference<Page<Hosts.Host>>() {}).items();
        assertThat(hosts).extracting(Hosts.Host::id).containsExactly(new HostId("host-1"), new HostId("host-2"));
        assertThat(hosts.getFirst()).isEqualTo(host("host-1"));
        assertThat(hosts.getFirst()).satisfies(host -> {
            assertThat(host.state()).isEqualTo(Hosts.State.ACTIVE);
            assertThat(host.address()).isEqualTo("127.0.0.1:7080");
            assertThat(host.incarnation()).isEqualTo(one.incarnation());
            assertThat(host.lastHeardAt()).isEqualTo(ServedRegistry.START);
            assertThat(host.replicas()).isEqualTo(1);
            assertThat(host.bytes()).isEqualTo(4096);
        });
    }

    @Test
    void aRetiredHostIsGivenUpAndJoinsOnlyWhenReadmitted() throws Exception {
        Sender sender = http.join("host-1");
        http.register(sender, http.registration("vm", "a", "sa"));
        assertThat(http.delete("/v1/hosts/host-1").is(200).as(Hosts.Changed.class)).isEqualTo(new Hosts.Changed(1, 1));
        assertThat(host("host-1").state()).isEqualTo(Hosts.State.RETIRED);
        http.get("/v1/namespaces/vm/entries/a").is(404);
        var join =
                new JoinRequest(
                        sender.hostId(),
                        sender.storeId(),
                        "127.0.0.1:7080",
                        List.of(1),
                        ServedRegistry.REGISTRY,
                        1,
                        1,
                        new JoinRequest.WorkerProcess(UUID.randomUUID(), false),
                        1);
        assertThat(http.worker(sender.hostId(), "join", join).is(200).as(JoinAnswer.class)).isInstanceOf(JoinAnswer.Refused.class);
        http.post("/v1/hosts/host-1/readmit").is(200);
        assertThat(http.worker(sender.hostId(), "join", join).is(200).as(JoinAnswer.class)).isInstanceOf(JoinAnswer.Joined.class);
        http.post("/v1/hosts/host-1/readmit").is(409);
    }

    @Test
    void anUnknownHostOrEvictionIsNamed() throws Exception {
        String detail = "host: host-9 (expected: a host that joined)";
        http.get("/v1/hosts/host-9").isProblem(404, "unknown-host", detail);
        http.get("/v1/hosts/host-9/orders").isProblem(404, "unknown-host", detail);
        http.delete("/v1/hosts/host-9").isProblem(404, "unknown-host", detail);
        http.post("/v1/hosts/host-9/readmit").isProblem(404, "unknown-host", detail);
        http.get("/v1/evictions?host=host-9").isProblem(404, "unknown-host", detail);
        http.get("/v1/evictions?state=half").isProblem(400, "invalid-value", "state: half (expected: one of open, closed)");
        http.get("/v1/evictions/x").isProblem(400, "invalid-value", "evictionId: x (expected: a UUID of 36 characters)");
        http.get("/v1/evictions/01938f5e-1c00-7a3b-8c4d-5e6f70819203")
                .isProblem(
                        404,
                        "unknown-eviction",
                        "eviction: 01938f5e-1c00-7a3b-8c4d-5e6f70819203 (expected: the id of an eviction that is still kept)");
    }

    private List<Hosts.JoinRefusal> refusals() throws Exception {
        return http.get("/v1/refusals").is(200).as(new TypeReference<Page<Hosts.JoinRefusal>>() {}).items();
    }

    private Hosts.Host host(String id) throws Exception {
        return http.get("/v1/hosts/" + id).is(200).as(Hosts.Host.class);
    }

    private List<Evictions.Eviction> evictions(String query) throws Exception {
        return http.get("/v1/evictions" + query).is(200).as(new TypeReference<Page<Evictions.Eviction>>() {}).items();
    }

    private HeartbeatAnswer heartbeat(Sender sender, List<Report> reports) throws Exception {
        return http.worker(sender.hostId(), "heartbeat", new HeartbeatRequest(sender, HostFigures.NONE, reports, 0, 0))
                .is(200)
                .as(HeartbeatAnswer.class);
    }
}
