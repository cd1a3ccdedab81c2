package dev.spillway.coordinator.http;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.spillway.api.body.Namespaces;
import dev.spillway.api.body.Page;
import dev.spillway.events.Backend;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.decide.Command;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class NamespacesOverHttpTest {
    private ServedRegistry http;

    @BeforeEach
    void serve() throws Exception {
        http = new ServedRegistry();
    }

    @AfterEach
    void close() {
        http.close();
    }

    @Test
    void aNamespaceIsMadeAndChangedByWhatIsGiven() throws Exception {
        assertThat(http.put("/v1/namespaces/rootfs", "{\"maxEntries\":10,\"maxBytes\":10737418240}").is(200).as(Namespaces.Policy.class))
                .isEqualTo(
                        new Namespaces.Policy(
                                new NamespaceName("rootfs"),
                                10L,
                                10L << 30,
                                null,
                                null,
                                1,
                                0.5,
                                Backend.DIRECTORY,
                                null,
                                false,
                                EvictionPolicy.LRU,
                                0));
        assertThat(http.put("/v1/namespaces/rootfs", "{\"maxEvictionShare\":1.0}").is(200).as(Namespaces.Policy.class))
                .isEqualTo(
                        new Namespaces.Policy(
                                new NamespaceName("rootfs"),
                                10L,
                                10L << 30,
                                null,
                                null,
                                1,
                                1.0,
                                Backend.DIRECTORY,
                                null,
                                false,
                                EvictionPolicy.LRU,
                                0));
        assertThat(http.get("/v1/namespaces/rootfs").is(200).as(Namespaces.Namespace.class))
                .isEqualTo(
                        new Namespaces.Namespace(
                                new NamespaceName("rootfs"),
                                10L,
                                10L << 30,
                                null,
                                null,
                                1,
                                1.0,
                                Backend.DIRECTORY,
                                null,
                                false,
                                EvictionPolicy.LRU,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                Map.of()));
    }

    @Test
    void aNullRemovesALimitAndWhatIsAbsentStays() throws Exception {
        http.put("/v1/namespaces/rootfs", "{\"maxEntries\":10,\"maxBytes\":100,\"ttl\":\"P7D\",\"maxIdle\":\"PT12H\",\"lowWatermark\":0.8}")
                .is(200);
        assertThat(http.put("/v1/namespaces/rootfs", "{\"ttl\":null,\"maxEntries\":null}").is(200).as(Namespaces.Policy.class))
                .isEqualTo(
                        new Namespaces.Policy(
                                new NamespaceName("rootfs"),
                                null,
                                100L,
                                null,
                                Duration.ofHours(12),
                                0.8,
                                0.5,
                                Backend.DIRECTORY,
                                null,
                                false,
                                EvictionPolicy.LRU,
                                0));
        assertThat(http.put("/v1/namespaces/rootfs", "{\"lowWatermark\":null}").is(200).as(Namespaces.Policy.class).lowWatermark())
                .isOne();
        assertThat(http.put("/v1/namespaces/rootfs", "{}").is(200).as(Namespaces.Policy.class).maxIdle()).isEqualTo(Duration.ofHours(12));
    }

    @Test
    void aNamespaceOfArtifactsIsSetAndShownAndStaysOneWhileItHasEntries() throws Exception {
        assertThat(
                http.put("/v1/namespaces/builds", "{\"backend\":\"ARTIFACT\",\"minResidency\":\"PT3H\",\"writeOnce\":true}")
                        .is(200)
                        .as(Namespaces.Policy.class))
                .isEqualTo(
                        new Namespaces.Policy(
                                new NamespaceName("builds"),
                                null,
                                null,
                                null,
                                null,
                                1,
                                0.5,
                                Backend.ARTIFACT,
                                Duration.ofHours(3),
                                true,
                                EvictionPolicy.LRU,
                                0));
        fill("builds", 1);
        http.put("/v1/namespaces/builds", "{\"backend\":null,\"minResidency\":null,\"writeOnce\":null}")
                .isProblem(
                        409,
                        "namespace-in-use",
                        "backend: DIRECTORY (expected: ARTIFACT, as long as namespace builds has entries; it has 1)");
        http.put("/v1/namespaces/builds", "{\"backend\":\"ARTIFACT\",\"minResidency\":null}").is(200);
        Namespaces.Namespace builds = http.get("/v1/namespaces/builds").is(200).as(Namespaces.Namespace.class);
        assertThat(builds.backend()).isEqualTo(Backend.ARTIFACT);
        assertThat(builds.minResidency()).isNull();
        assertThat(builds.writeOnce()).isTrue();
        http.post("/v1/namespaces/builds/clean", "{\"confirm\":\"builds\"}").is(200);
        assertThat(http.put("/v1/namespaces/builds", "{\"backend\":\"DIRECTORY\",\"writeOnce\":false}").is(200).as(Namespaces.Policy.class))
                .extracting(Namespaces.Policy::backend)
                .isEqualTo(Backend.DIRECTORY);
    }

    @Test
    void theOrderOfEvictionIsChosenByNamespaceAndNeedsNoTimeOfUse() throws Exception {
        assertThat(http.put("/v1/namespaces/builds", "{\"maxEntries\":2,\"evictionPolicy\":\"GDSF\"}").is(200).as(Namespaces.Policy.class))
                .extracting(Namespaces.Policy::evictionPolicy)
                .isEqualTo(EvictionPolicy.GDSF);
        http.put("/v1/namespaces/builds/entries/dear", "{\"snapshotId\":\"1\",\"labels\":{\"rebuild-seconds\":\"60\"}}").is(200);
        http.put("/v1/namespaces/builds/entries/cheap", "{\"snapshotId\":\"2\"}").is(200);
        assertThat(
                http.put("/v1/namespaces/builds/entries/next", "{\"snapshotId\":\"3\"}")
                        .is(200)
                        .tree()
                        .path("evicted")
                        .findValuesAsText("key"))
                .containsExactly("cheap");
        http.put("/v1/namespaces/builds", "{\"maxIdle\":\"PT1H\"}")
                .isProblem(400, "invalid-value", "maxIdle: PT1H (expected: none, unless the namespace's evictionPolicy is LRU)");
        http.put("/v1/namespaces/builds", "{\"evictionPolicy\":null,\"maxIdle\":\"PT1H\"}").is(200);
        assertThat(http.get("/v1/namespaces/builds").is(200).as(Namespaces.Namespace.class).evictionPolicy()).isEqualTo(EvictionPolicy.LRU);
    }

    @Test
    void aPutThatWouldEvictWhatIsPromisedToStayIsAnswered507() throws Exception {
        http.put("/v1/namespaces/builds", "{\"backend\":\"ARTIFACT\",\"maxEntries\":1,\"minResidency\":\"PT3H\"}").is(200);
        http.put("/v1/namespaces/builds/entries/first", "{\"snapshotId\":\"first\"}").is(200);
        assertThat(http.put("/v1/namespaces/builds/entries/other", "{\"snapshotId\":\"other\"}").is(507).tree().path("detail").asText())
                .matches(
                        "namespace builds: at its maxEntries 1, and entry .* would have to go, which was put or read within minResidency "
                                + "PT3H \\(expected: room from .*Z on, at the earliest\\)");
    }

    /** More than one command does, and still answered when it is done. */
    @Test
    void aLimitThatTakesThousandsWithinTheShareIsSetByOneRequest() throws Exception {
        fill("rootfs", 2_600);
        for (int time = 0; time < 2; time++) {
            assertThat(
                    http.put("/v1/namespaces/rootfs", "{\"maxEntries\":1400}", "Idempotency-Key", "lower")
                            .is(200)
                            .as(Namespaces.Policy.class))
                    .isEqualTo(
                            new Namespaces.Policy(
                                    new NamespaceName("rootfs"),
                                    1_400L,
                                    null,
                                    null,
                                    null,
                                    1,
                                    0.5,
                                    Backend.DIRECTORY,
                                    null,
                                    false,
                                    EvictionPolicy.LRU,
                                    1_200));
        }
        assertThat(http.get("/v1/namespaces/rootfs").as(Namespaces.Namespace.class).entries()).isEqualTo(1_400);
    }

    @Test
    void theListHasTheFiguresOfEach() throws Exception {
        http.namespace("a", 1);
        http.namespace("b", 1);
        http.put("/v1/namespaces/b/entries/x", "{\"snapshotId\":\"s1\",\"sizeBytes\":7}").is(200);
        http.put("/v1/namespaces/b/entries/y", "{\"snapshotId\":\"s2\",\"sizeBytes\":9}").is(200);
        http.get("/v1/namespaces/b/entries/y").is(200);
        http.get("/v1/namespaces/b/entries/x").is(404);
        var list = http.get("/v1/namespaces").is(200).as(new TypeReference<Page<Namespaces.Namespace>>() {});
        assertThat(list.items()).containsExactly(
                new Namespaces.Namespace(
                        new NamespaceName("a"),
                        1L,
                        null,
                        null,
                        null,
                        1,
                        0.5,
                        Backend.DIRECTORY,
                        null,
                        false,
                        EvictionPolicy.LRU,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        Map.of()),
                new Namespaces.Namespace(
                        new NamespaceName("b"),
                        1L,
                        null,
                        null,
                        null,
                        1,
                        0.5,
                        Backend.DIRECTORY,
                        null,
                        false,
                        EvictionPolicy.LRU,
                        1,
                        9,
                        0,
                        0,
                        1,
                        1,
                        Map.of(EvictionCause.CAPACITY, 1L)));
        assertThat(list.next()).isNull();
    }

    @Test
    void aLoweredLimitEvictsAndSaysHowMany() throws Exception {
        http.namespace("rootfs", 4);
        for (int i = 0; i < 4; i++) {
            http.put("/v1/namespaces/rootfs/entries/k" + i, "{\"snapshotId\":\"s\"}").is(200);
        }
        assertThat(http.put("/v1/namespaces/rootfs", "{\"maxEntries\":1}").is(200).as(Namespaces.Policy.class).evicted()).isEqualTo(3);
    }

    @Test
    void aLimitThatWouldEvictMoreThanTheShareChangesNothing() throws Exception {
        fill("rootfs", 20);
        var refused = http.put("/v1/namespaces/rootfs", "{\"maxEntries\":9}").is(409);
        String plan = refused.tree().path("planId").asText();
        refused.isProblem(
                409,
                "plan-needed",
                "maxEntries: would evict 11 of 20 entries (expected: at most 10 without asking; plan " + plan
                        + " evicts them when it is applied)");
        assertThat(http.get("/v1/namespaces/rootfs").as(Namespaces.Namespace.class).maxEntries()).isEqualTo(10_000);
        assertThat(http.get("/v1/namespaces/rootfs").as(Namespaces.Namespace.class).entries()).isEqualTo(20);
        assertThat(
                http.put("/v1/namespaces/rootfs", "{\"maxEntries\":9,\"maxEvictionShare\":1}")
                        .is(200)
                        .as(Namespaces.Policy.class)
                        .evicted())
                .isEqualTo(11);
    }

    @Test
    void aTimeToLiveThatWouldEvictMoreThanTheShareChangesNothing() throws Exception {
        fill("rootfs", 20);
        http.pass(Duration.ofMinutes(1));
        var refused = http.put("/v1/namespaces/rootfs", "{\"ttl\":\"PT1S\"}").is(409);
        String plan = refused.tree().path("planId").asText();
        refused.isProblem(
                409,
                "plan-needed",
                "ttl: would evict 20 of 20 entries (expected: at most 10 without asking; plan " + plan
                        + " evicts them when it is applied)");
        assertThat(http.get("/v1/namespaces/rootfs").as(Namespaces.Namespace.class).ttl()).isNull();
        http.post("/v1/plans/" + plan + "/apply").is(200);
        assertThat(http.get("/v1/namespaces/rootfs").as(Namespaces.Namespace.class))
                .extracting(Namespaces.Namespace::ttl, Namespaces.Namespace::entries)
                .containsExactly(Duration.ofSeconds(1), 0L);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                    "{\"maxEntries\":0}|invalid-value|maxEntries: 0 (expected: 1 or more)",
                    "{\"maxEntries\":-3}|invalid-value|maxEntries: -3 (expected: 1 or more)",
                    "{\"maxBytes\":-1}|invalid-value|maxBytes: -1 (expected: 0 or more)",
                    "{\"maxEvictionShare\":0}|invalid-value|maxEvictionShare: 0.0 (expected: above 0, at most 1)",
                    "{\"maxEvictionShare\":-0.1}|invalid-value|maxEvictionShare: -0.1 (expected: above 0, at most 1)",
                    "{\"maxEvictionShare\":1.5}|invalid-value|maxEvictionShare: 1.5 (expected: above 0, at most 1)",
                    "{\"maxEvictionShare\":1e400}|invalid-value|maxEvictionShare: Infinity (expected: above 0, at most 1)",
                    "{\"maxEvictionShare\":\"NaN\"}|invalid-value|maxEvictionShare: NaN (expected: above 0, at most 1)",
                    "{\"maxEvictionShare\":\"0.5\"}|invalid-value|maxEvictionShare: \"0.5\" (expected: a number)",
                    "{\"lowWatermark\":\"Infinity\"}|invalid-value|lowWatermark: Infinity (expected: above 0, at most 1)",
                    "{\"maxEvictionShare\":1.1}|invalid-value|maxEvictionShare: 1.1 (expected: above 0, at most 1)",
                    "{\"maxEntries\":9223372036854775808}|invalid-value|maxEntries: 9223372036854775808 (expected: a whole number of 64 bits)",
                    "{\"maxEntries\":\"10\"}|invalid-value|maxEntries: \"10\" (expected: a whole number of 64 bits)",
                    "{\"maxEntries\":1.5}|invalid-value|maxEntries: 1.5 (expected: a whole number of 64 bits)",
                    "{\"ttl\":\"PT0.5S\"}|invalid-value|ttl: PT0.5S (expected: 1 second (PT1S) to 36500 days (P36500D))",
                    "{\"ttl\":\"-PT5S\"}|invalid-value|ttl: -PT5S (expected: a duration such as 10s, 5m or PT10S)",
                    "{\"ttl\":\"P1Y\"}|invalid-value|ttl: P1Y (expected: a duration such as 10s, 5m or PT10S)",
                    "{\"ttl\":3600}|invalid-value|ttl: 3600 (expected: a text)",
                    "{\"maxIdle\":\"P99999D\"}|invalid-value|maxIdle: PT2399976H (expected: 1 second (PT1S) to 36500 days (P36500D))",
                    "{\"maxIdle\":\"forever\"}|invalid-value|maxIdle: forever (expected: a duration such as 10s, 5m or PT10S)",
                    "{\"lowWatermark\":0}|invalid-value|lowWatermark: 0.0 (expected: above 0, at most 1)",
                    "{\"minResidency\":\"PT3H\"}|invalid-value|minResidency: PT3H (expected: none, unless the namespace's backend is ARTIFACT)",
                    "{\"backend\":\"DIRECTORY\",\"writeOnce\":true}|invalid-value|writeOnce: true (expected: false, unless the namespace's backend is ARTIFACT)",
                    "{\"backend\":\"ARTIFACT\",\"minResidency\":\"PT0S\"}|invalid-value|minResidency: PT0S (expected: 1 second (PT1S) to 36500 days (P36500D))",
                    "{\"maxEntires\":1}|unknown-field|maxEntires: unknown field (expected: backend, evictionPolicy, lowWatermark, maxBytes, maxEntries, maxEvictionShare, maxIdle, minResidency, ttl, writeOnce)"})
    void aBodyThatIsWrongIsRefusedByNameAndChangesNothing(String body, String kind, String detail) throws Exception {
        http.put("/v1/namespaces/rootfs", body).isProblem(400, kind, detail);
        http.get("/v1/namespaces/rootfs").is(404);
    }

    @Test
    void aBodyThatIsNoJsonIsRefused() throws Exception {
        http.put("/v1/namespaces/rootfs", "{\"maxEntries\":").is(400);
        http.put("/v1/namespaces/rootfs", "").isProblem(400, "malformed-body", "body: empty (expected: a JSON object)");
        http.put("/v1/namespaces/rootfs", "null").is(400);
        http.put("/v1/namespaces/rootfs", "[]").is(400);
    }

    @ParameterizedTest
    @CsvSource({"Upper, Upper", "%2E%2E, ..", "a%20b, a b", "%00, ?"})
    void aNameThatIsNoneIsRefused(String encoded, String shown) throws Exception {
        http.put("/v1/namespaces/" + encoded, "{}")
                .isProblem(400, "invalid-value", "namespace: " + shown + " (expected: [a-z0-9][a-z0-9._-]{0,62})");
    }

    @Test
    void anUnknownNamespaceIsNamed() throws Exception {
        String detail = "namespace: nowhere (expected: a namespace that was created)";
        http.get("/v1/namespaces/nowhere").isProblem(404, "unknown-namespace", detail);
        http.post("/v1/namespaces/nowhere/clean", "{\"confirm\":\"nowhere\"}").isProblem(404, "unknown-namespace", detail);
        http.get("/v1/namespaces/nowhere/entries").isProblem(404, "unknown-namespace", detail);
        http.get("/v1/namespaces/nowhere/snapshots").isProblem(404, "unknown-namespace", detail);
        http.put("/v1/namespaces/nowhere/entries/k", "{\"snapshotId\":\"s\"}").isProblem(404, "unknown-namespace", detail);
        http.get("/v1/namespaces/nowhere/entries/k").isProblem(404, "unknown-namespace", detail);
        http.delete("/v1/namespaces/nowhere/entries/k").isProblem(404, "unknown-namespace", detail);
        http.get("/v1/evictions?namespace=nowhere").isProblem(404, "unknown-namespace", detail);
    }

    @Test
    void aCleanEvictsEverythingInChunks() throws Exception {
        fill("rootfs", 2_500);
        assertThat(http.post("/v1/namespaces/rootfs/clean", "{\"confirm\":\"rootfs\"}").is(200).as(Namespaces.Cleaned.class))
                .isEqualTo(new Namespaces.Cleaned(2_500, 0));
        assertThat(http.get("/v1/namespaces/rootfs").as(Namespaces.Namespace.class).evictions())
                .isEqualTo(Map.of(EvictionCause.CLEANED, 2_500L));
        assertThat(http.post("/v1/namespaces/rootfs/clean", "{\"confirm\":\"rootfs\"}").is(200).as(Namespaces.Cleaned.class))
                .isEqualTo(new Namespaces.Cleaned(0, 0));
    }

    @Test
    void aCleanThatIsAskedAgainWithItsKeyLeavesWhatCameLater() throws Exception {
        fill("rootfs", 1_500);
        for (int time = 0; time < 2; time++) {
            assertThat(
                    http.post("/v1/namespaces/rootfs/clean", "{\"confirm\":\"rootfs\"}", "Idempotency-Key", "clean-1")
                            .is(200)
                            .as(Namespaces.Cleaned.class))
                    .isEqualTo(new Namespaces.Cleaned(1_500, 0));
            http.put("/v1/namespaces/rootfs/entries/later", "{\"snapshotId\":\"s\"}").is(200);
        }
        assertThat(http.get("/v1/namespaces/rootfs").as(Namespaces.Namespace.class).entries()).isEqualTo(1);
    }

    @Test
    void aCleanAsksForTheName() throws Exception {
        fill("rootfs", 1);
        http.post("/v1/namespaces/rootfs/clean", "{\"confirm\":\"rootfz\"}")
                .isProblem(400, "invalid-value", "confirm: rootfz (expected: rootfs, the namespace to clean)");
        http.post("/v1/namespaces/rootfs/clean", "{}").isProblem(400, "invalid-value", "confirm: missing (expected: a text)");
        http.post("/v1/namespaces/rootfs/clean", "{\"confirm\":null}").is(400);
        assertThat(http.get("/v1/namespaces/rootfs").as(Namespaces.Namespace.class).entries()).isEqualTo(1);
    }

    private void fill(String namespace, int entries) throws Exception {
        http.namespace(namespace, 10_000);
        for (int i = 0; i < entries; i++) {
            http.registry
                    .execute(
                            new Command.Put(
                                    new EntryName(new NamespaceName(namespace), new EntryKey("k" + i)),
                                    new SnapshotId("s" + i),
                                    1,
                                    Description.NONE));
        }
    }
}
