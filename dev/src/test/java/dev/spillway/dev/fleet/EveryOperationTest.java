package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.service.identity.AccessToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Each operation of both OpenAPI descriptions is done once at running services, and what goes to and fro is what the description says. */
class EveryOperationTest extends FleetOfTwo {
    private static final String NAMESPACE = "/v1/namespaces/described";
    private static final HostId HOST = new HostId("of-paper");
    private static final StoreId STORE = new StoreId(new UUID(0, 1));
    private static final JoinRequest.WorkerProcess PROCESS = new JoinRequest.WorkerProcess(new UUID(0, 1), false);

    private final Random random = new Random(1);

    @Test
    void theCoordinatorDoesWhatItsDescriptionSays() throws Exception {
        try (DescribedService coordinator = new DescribedService(fleet.url())) {
            common(coordinator);
            entries(coordinator);
            plans(coordinator);
            messages(coordinator);
            hosts(coordinator);
            tokens(coordinator);
            assertThat(coordinator.get("/v1/audit?limit=1").get("items").get(0).get("action").asText()).isEqualTo("REVOKE_TOKEN");
            coordinator.get("/v1/identity");
            coordinator.get(NAMESPACE + "/curve");
            coordinator.get(NAMESPACE + "/usage?since=2026-01-01T00:00:00Z");
            coordinator.done("POST", NAMESPACE + "/clean", Map.of("confirm", "described"));
            JsonNode registry = coordinator.get("/v1/registry");
            coordinator.done("POST", "/v1/registry/restored", Map.of("epoch", registry.get("epoch").asLong()));
            coordinator.get("/v1/registry");
            coordinator.refused(404, "GET", "/v1/namespaces/unknown", null);

            assertThat(coordinator.exercised()).isEqualTo(coordinator.operations());
        }
    }

    @Test
    void aWorkerDoesWhatItsDescriptionSays() throws Exception {
        Http.send("PUT", fleet.url() + "/v1/namespaces/trees", Map.of("maxEntries", 10), Map.of());
        // A registry that was restored is joined anew.
        Eventually.holds(Eventually.HANG, () -> {
            assertThat(
                    Http.send(
                            "PUT",
                            fleet.workerUrl(1) + "/v1/directories/trees/entries/first",
                            Map.of("sourceDir", tree.toString()),
                            Map.of()).status())
                    .isEqualTo(200);
            assertThat(Http.get(fleet.workerUrl(1) + "/readyz").status()).isEqualTo(200);
        });
        try (DescribedService worker = new DescribedService(fleet.workerUrl(1))) {
            common(worker);
            String directories = "/v1/directories/trees";
            worker.done(
                    "PUT",
                    directories + "/entries/a%2Fb",
                    Map.of("sourceDir", tree.toString(), "description", "a tree", "labels", Map.of("rebuild-seconds", "340")));
            worker.get(directories + "/entries/a%2Fb");
            JsonNode held = worker.get(directories + "/entries/a%2Fb?hold=PT10M");
            String hold = "/v1/holds/" + held.get("hold").get("id").asText();
            worker.get("/v1/holds");
            worker.done("PUT", hold, Map.of("duration", "PT5M"));
            worker.done("DELETE", hold, null);
            worker.get(directories + "/entries/a%2Fb/archive");
            worker.get("/v1/copies/trees/a%2Fb/tree?generation=" + held.get("generation").asLong());
            assertThat(worker.get(directories + "/entries/a%2Fb/put").has("work")).isFalse();
            worker.get(directories + "/entries");
            worker.get(directories + "/stats");
            worker.done("POST", directories + "/prune", Map.of("maxEntries", 5));
            worker.done("DELETE", directories + "/entries/a%2Fb", null);
            artifacts(worker);
            cache(worker);
            pagers(worker);
            worker.get("/v1/status");
            worker.refused(404, "GET", directories + "/entries/a%2Fb", null);
            worker.refused(400, "PUT", directories + "/entries/c", Map.of("sourceDir", scratch.resolve("absent").toString()));

            assertThat(worker.exercised()).isEqualTo(worker.operations());
        }
    }

    private static void tokens(DescribedService coordinator) throws IOException, InterruptedException {
        Map<String, Object> made = Map.of("name", "builder", "role", "WRITER", "namespaces", List.of("described"), "lasts", "P90D");
        String token = coordinator.done("POST", "/v1/tokens", made).get("token").asText();
        coordinator.refused(409, "POST", "/v1/tokens", made);
        assertThat(coordinator.get("/v1/tokens?limit=1").get("items")).hasSize(1);
        Map<String, Object> digest = Map.of("digest", AccessToken.digest(token));
        assertThat(coordinator.done("POST", "/v1/tokens/find", digest).get("name").asText()).isEqualTo("builder");
        coordinator.done("DELETE", "/v1/tokens/builder", null);
        coordinator.refused(404, "POST", "/v1/tokens/find", digest);
    }

    private void artifacts(DescribedService worker) throws IOException, InterruptedException {
        Http.send("PUT", fleet.url() + "/v1/namespaces/objects", Map.of("maxEntries", 10, "backend", "ARTIFACT"), Map.of());
        String objects = "/v1/artifacts/objects";
        String fingerprint = "0".repeat(63) + "1";
        JsonNode claim = worker.done("POST", objects + "/" + fingerprint + "/claim", Map.of("waitFor", "PT1S"));
        assertThat(claim.get("state").asText()).isEqualTo("yours");
        worker.done("DELETE", objects + "/" + fingerprint + "/claim?id=" + claim.get("id").asText(), null);
        JsonNode kept = worker.done("PUT", objects + "/" + fingerprint, Map.of("any", "content"));
        // A worker that has not heard of the namespace's policy yet waits for the registry.
        assertThat(kept.get("outcome").asText()).isIn("accepted", "stored");
        worker.get(objects + "/" + fingerprint);
        worker.done("POST", objects + "/flush", null);
        Eventually.holds(Eventually.HANG, () -> assertThat(worker.get(objects).get("items")).hasSize(1));
        worker.get(objects + "/stats");
        worker.get("/v1/copies/objects/" + fingerprint);
        worker.done("DELETE", objects + "/" + fingerprint, null);
        worker.refused(404, "GET", objects + "/" + fingerprint, null);
    }

    private static void cache(DescribedService worker) throws IOException, InterruptedException {
        String cache = "/cache/objects";
        worker.done("OPTIONS", cache, null);
        worker.done("OPTIONS", cache + "/a/b", null);
        worker.done("PUT", cache + "/a/b", Map.of("any", "content"));
        worker.get(cache + "/a/b");
        worker.done("PUT", cache + "/v8/artifacts/1?slug=us", Map.of("any", "content"));
        worker.get(cache + "/v8/artifacts/status");
        worker.done("POST", cache + "/v8/artifacts/events", Map.of("event", "HIT"));
        worker.done("DELETE", cache + "/a/b", null);
        worker.refused(404, "GET", cache + "/a/b", null);
    }

    /** Pages of 512 bytes, and states of 64. */
    private static void pagers(DescribedService worker) throws IOException, InterruptedException {
        Map<String, Object> page =
                Map.of(
                        "tokens",
                        4,
                        "layers",
                        2,
                        "kvHeads",
                        2,
                        "headDim",
                        4,
                        "elements",
                        "F32",
                        "order",
                        "NHD",
                        "keysAndValues",
                        "SEPARATE");
        Map<String, Object> meta = Map.of(
                "model",
                "a1".repeat(32),
                "page",
                page,
                "states",
                List.of(Map.of("name", "ssm", "elements", "F32", "dimensions", List.of(2, 8))));
        Map<String, Object> creation =
                Map.of("name", "engine", "meta", meta, "pages", 8, "sequences", 4, "file", true, "saves", 2, "checksums", true);
        worker.done("POST", "/v1/pagers", creation);
        worker.refused(409, "POST", "/v1/pagers", creation);
        assertThat(worker.get("/v1/pagers?limit=1").get("items")).hasSize(1);
        String pager = "/v1/pagers/engine";
        assertThat(worker.get(pager).get("freePages").asInt()).isEqualTo(8);
        String pages = pager + "/pages?pages=0-1";
        assertThat(worker.done("POST", pager + "/allocate", Map.of("count", 3)).get("pages")).hasSize(3);
        worker.done("POST", pager + "/free", Map.of("pages", List.of(2)));
        assertThat(worker.get(pager + "/occupied").get("pages")).hasSize(2);
        worker.done("PUT", pages, "page".repeat(256).getBytes(StandardCharsets.US_ASCII));
        assertThat(worker.get(pages).asText()).isEqualTo("page".repeat(256));
        Map<String, Object> sequence = Map.of("id", "a/b", "pages", List.of(0, 1), "lastPageTokens", 3);
        worker.done("PUT", pager + "/sequences", Map.of("sequences", List.of(sequence)));
        worker.refused(400, "PUT", pager + "/sequences", Map.of("sequences", List.of(sequence, sequence)));
        String one = pager + "/sequences/a%2Fb";
        worker.done("PUT", one + "/states/ssm", new byte[64]);
        worker.get(one + "/states/ssm");
        worker.done("POST", one + "/fork", Map.of("id", "c"));
        worker.refused(409, "PUT", pages, new byte[1024]);
        assertThat(worker.done("POST", pager + "/sequences/c/own", Map.of("position", 1)).get("page").asInt()).isNotEqualTo(1);
        assertThat(worker.get(pager + "/sequences").get("items")).hasSize(2);
        worker.done("POST", pager + "/quiesce", Map.of("within", "PT30S"));
        worker.done("POST", pager + "/resume", null);
        worker.done("POST", pager + "/detach", null);
        Map<String, Object> name = Map.of("namespace", "trees", "key", "kv");
        assertThat(worker.done("POST", pager + "/capture", name).get("pages").asInt()).isEqualTo(3);
        worker.done("POST", "/v1/pagers/snapshots/trees/kv/verify", null);
        worker.get("/v1/pagers/snapshots/trees/kv/verify");
        worker.refused(409, "POST", pager + "/restore", name);
        worker.done("DELETE", one, null);
        worker.done("DELETE", pager + "/sequences/c", null);
        assertThat(worker.done("POST", pager + "/restore", name).get("sequences")).hasSize(2);
        worker.done("DELETE", pager, null);
        worker.refused(404, "GET", pager, null);
    }

    @Test
    void everyOperationRefusesAWebPageOfAnotherOriginAndSaysSo() throws Exception {
        for (String url : List.of(fleet.url(), fleet.workerUrl(1))) {
            try (DescribedService service = new DescribedService(url)) {
                service.refusesWebPagesOfOthers();
            }
        }
    }

    @Test
    void eachServiceHasAStartPageWhoseLinksLeadSomewhere() throws Exception {
        // Another test restores the registry, which the workers join anew.
        FleetInProcess.awaitReady(fleet.url());
        FleetInProcess.awaitReady(fleet.workerUrl(1));
        try (DescribedService coordinator = new DescribedService(fleet.url());
                DescribedService worker = new DescribedService(fleet.workerUrl(1))) {
            assertThat(coordinator.startPage("Spillway coordinator")).contains(
                    "/readyz",
                    "/livez",
                    "/metrics",
                    "/openapi.yaml",
                    "/v1/hosts",
                    "/v1/namespaces",
                    "/v1/evictions");
            assertThat(worker.startPage("Spillway worker")).contains("/readyz", "/livez", "/metrics", "/openapi.yaml");
        }
    }

    private static void common(DescribedService service) throws IOException, InterruptedException {
        for (String path : List.of("/livez", "/readyz", "/metrics", "/openapi.yaml")) {
            service.get(path);
        }
        service.get("/v1/loggers");
        service.done("PUT", "/v1/loggers/ROOT", Map.of("level", "INFO"));
    }

    private static void entries(DescribedService coordinator) throws IOException, InterruptedException {
        coordinator.done("PUT", NAMESPACE, Map.of("maxEntries", 20, "maxIdle", "PT12H"));
        coordinator.get("/v1/namespaces");
        coordinator.get(NAMESPACE);
        String entry = NAMESPACE + "/entries/a%2Fb";
        coordinator.done("PUT", entry, Map.of("snapshotId", "s1", "sizeBytes", 4096, "labels", Map.of("team", "storage")));
        coordinator.done("PUT", entry, Map.of("snapshotId", "s2"));
        coordinator.get(entry);
        coordinator.done("PUT", entry + "/pin", Map.of("reason", "kept", "until", Instant.now().plus(Duration.ofDays(1)).toString()));
        coordinator.get(entry + "?touch=false");
        coordinator.get(NAMESPACE + "/entries?limit=1");
        coordinator.get(NAMESPACE + "/snapshots");
        coordinator.done("DELETE", entry + "/pin", null);
        coordinator.done("DELETE", entry + "?ifSnapshot=s2", null);
        JsonNode evictions = coordinator.get("/v1/evictions?namespace=described").get("items");
        assertThat(evictions).isNotEmpty();
        coordinator.get("/v1/evictions/" + evictions.get(0).get("id").asText());
        coordinator.get("/v1/events");
    }

    private static void plans(DescribedService coordinator) throws IOException, InterruptedException {
        coordinator.done("PUT", NAMESPACE + "/entries/old", Map.of("snapshotId", "s"));
        JsonNode plan = coordinator.done("POST", NAMESPACE + "/prune", Map.of("maxEntries", 0, "dryRun", true));
        String path = "/v1/plans/" + plan.get("id").asText();
        coordinator.get("/v1/plans?namespace=described");
        coordinator.get(path);
        assertThat(coordinator.get(path + "/victims").get("items")).hasSize(1);
        coordinator.done("POST", path + "/apply", null);
        coordinator.get(path);
        for (int number = 0; number < 11; number++) {
            coordinator.done("PUT", NAMESPACE + "/entries/many-" + number, Map.of("snapshotId", "s"));
        }
        JsonNode refused = coordinator.refused(409, "PUT", NAMESPACE, Map.of("maxEntries", 1, "ttl", "P7D"));
        String policy = "/v1/plans/" + refused.get("planId").asText();
        assertThat(coordinator.get(policy).get("purpose").get("kind").asText()).isEqualTo("POLICY");
        coordinator.done("POST", policy + "/apply", null);
        coordinator.done("PUT", NAMESPACE, Map.of("maxEntries", 20));
    }

    /** A host that exists in its messages alone. */
    private void messages(DescribedService coordinator) throws IOException, InterruptedException {
        JsonNode joined = message(coordinator, "join", new JoinRequest(HOST, STORE, "127.0.0.1:1", List.of(1), null, 0, 0, PROCESS, 0));
        Sender sender = new Sender(
                HOST,
                STORE,
                RegistryId.parse(joined.get("registryId").asText()),
                joined.get("epoch").asLong(),
                joined.get("incarnation").asLong());
        NamespaceName namespace = new NamespaceName("described");
        EntryKey key = new EntryKey("image");
        ReplicaId registered = ReplicaId.mint(Instant.now(), random);
        message(
                coordinator,
                "register",
                new RegisterRequest(
                        sender,
                        List.of(new Registration(registered, namespace, key, new SnapshotId("s"), 4096, Description.NONE))));
        message(coordinator, "resolve", new ResolveRequest(sender, List.of(registered)));
        JsonNode put = coordinator.done("PUT", NAMESPACE + "/entries/copied", Map.of("snapshotId", "t", "sizeBytes", 4096));
        ReplicaId copy = ReplicaId.mint(Instant.now(), random);
        message(
                coordinator,
                "attach",
                new AttachRequest(
                        sender,
                        List.of(
                                new Attachment(
                                        copy,
                                        namespace,
                                        new EntryKey("copied"),
                                        put.get("generation").asLong(),
                                        4096,
                                        new SnapshotId("t")))));
        message(
                coordinator,
                "touch",
                new TouchRequest(sender, List.of(new TouchRequest.Used(new EntryName(namespace, key), 1, 0L)), List.of()));
        message(coordinator, "heartbeat", new HeartbeatRequest(sender, HostFigures.NONE, List.of(), 0, 0));
        message(coordinator, "reconcile", new ReconcileRequest(sender, null));
        message(coordinator, "discrepancies", new DiscrepancyRequest(sender, List.of(), List.of(), 2));
        message(coordinator, "readopt", new ReadoptRequest(sender, List.of(), true));
        message(coordinator, "drop", new DropRequest(sender, List.of(new DropRequest.Drop(copy, DropRequest.Reason.BOUNDS))));
    }

    private static JsonNode message(DescribedService coordinator, String name, Object message) throws IOException, InterruptedException {
        return coordinator.done("POST", "/v1/workers/" + HOST + "/" + name, message);
    }

    private void hosts(DescribedService coordinator) throws IOException, InterruptedException {
        String host = "/v1/hosts/" + HOST;
        coordinator.get("/v1/hosts");
        coordinator.done("DELETE", NAMESPACE + "/entries/image", null);
        assertThat(coordinator.get(host + "/orders").get("items")).hasSize(1);
        coordinator.get("/v1/evictions?host=" + HOST);
        coordinator.done("POST", host + "/drain", null);
        coordinator.get(host);
        coordinator.done("DELETE", host + "/drain", null);
        coordinator.done("DELETE", host, null);
        message(coordinator, "join", new JoinRequest(HOST, STORE, "127.0.0.1:1", List.of(1), null, 0, 0, PROCESS, 0));
        assertThat(coordinator.get("/v1/refusals").get("items")).hasSize(1);
        coordinator.done("POST", host + "/readmit", null);
    }
}
