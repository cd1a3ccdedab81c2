package dev.spillway.coordinator.http;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.body.Entries;
import dev.spillway.api.body.Page;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HeldReplica;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.ReplicaOutcome;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class EntriesOverHttpTest extends OverHttp {
    private static final String ENTRIES = "/v1/namespaces/vm/entries";

    EntriesOverHttpTest() {
        super(2);
    }

    @Test
    void theThirdPutEvictsTheOldestAndSaysSo() throws Exception {
        long first = put("a", "sa").generation();
        put("b", "sb");
        Entries.Stored third = put("c", "sc");
        assertThat(third.replaced()).isNull();
        JsonNode again = http.put(ENTRIES + "/c", "{\"snapshotId\":\"sc\"}").tree();
        assertThat(again.has("replaced") && again.path("replaced").isNull()).as("told though there is none: " + again).isTrue();
        assertThat(third.evicted())
                .containsExactly(new EvictedEntry(new EntryKey("a"), new SnapshotId("sa"), first, 100, EvictionCause.CAPACITY));
        assertThat(keys(ENTRIES)).containsExactly("b", "c");
    }

    @Test
    void aGetRefreshesTheOrderAndAGetWithoutTouchDoesNot() throws Exception {
        put("a", "sa");
        put("b", "sb");
        http.get(ENTRIES + "/a?touch=false").is(200);
        assertThat(keys(ENTRIES)).containsExactly("a", "b");
        http.pass(Duration.ofSeconds(5));
        Entries.Entry touched = http.get(ENTRIES + "/a").is(200).as(Entries.Entry.class);
        assertThat(touched.lastAccessedAt()).isEqualTo(ServedRegistry.START.plusSeconds(5));
        assertThat(touched.createdAt()).isEqualTo(ServedRegistry.START);
        assertThat(keys(ENTRIES)).containsExactly("b", "a");
        assertThat(put("c", "sc").evicted()).extracting(EvictedEntry::key).containsExactly(new EntryKey("b"));
    }

    @Test
    void aUseThatIsNotCountedRefreshesTheOrderAllTheSame() throws Exception {
        put("a", "sa");
        put("b", "sb");
        http.get(ENTRIES + "/a?count=false").is(200);
        http.get(ENTRIES + "/none?count=false").is(404);
        assertThat(keys(ENTRIES)).containsExactly("b", "a");
        JsonNode figures = http.get("/v1/namespaces/vm").is(200).tree();
        assertThat(figures.path("hits").asLong(-1)).isZero();
        assertThat(figures.path("misses").asLong(-1)).isZero();
        http.get(ENTRIES + "/a").is(200);
        assertThat(http.get("/v1/namespaces/vm").is(200).tree().path("hits").asLong()).isOne();
    }

    @Test
    void anEntryKeepsWhatItsOwnerSaidAboutIt() throws Exception {
        http.put(ENTRIES + "/a", "{\"snapshotId\":\"sa\",\"sizeBytes\":5,\"description\":\"größe\",\"labels\":{\"team\":\"x\"}}").is(200);
        Entries.Entry entry = http.get(ENTRIES + "/a?touch=false").is(200).as(Entries.Entry.class);
        assertThat(entry.namespace()).isEqualTo(new NamespaceName("vm"));
        assertThat(entry.snapshotId()).isEqualTo(new SnapshotId("sa"));
        assertThat(entry.sizeBytes()).isEqualTo(5);
        assertThat(entry.description()).isEqualTo("größe");
        assertThat(entry.labels()).isEqualTo(new TreeMap<>(Map.of("team", "x")));
        assertThat(entry.replicas()).isEmpty();
    }

    @Test
    void anEntryShowsItsReplicas() throws Exception {
        var sender = http.join("host-1");
        var registration = http.registration("vm", "a", "sa");
        assertThat(http.register(sender, registration)).isInstanceOf(ReplicaOutcome.Registered.class);
        for (String path : List.of("/a", "/a?touch=false", "/a?touch=true")) {
            assertThat(http.get(ENTRIES + path).is(200).as(Entries.Entry.class).replicas())
                    .containsExactly(
                            new Entries.Replica(
                                    registration.replicaId(),
                                    sender.hostId(),
                                    sender.storeId(),
                                    "127.0.0.1:7080",
                                    Entries.ReplicaState.LIVE,
                                    ServedRegistry.START,
                                    null));
        }
        assertThat(page(ENTRIES).items().getFirst().replicas()).isNull();
    }

    @Test
    void anEntryShowsUntilWhenACopyIsInUse() throws Exception {
        var sender = http.join("host-1");
        var registration = http.registration("vm", "a", "sa");
        http.register(sender, registration);
        http.worker(
                sender.hostId(),
                "heartbeat",
                new HeartbeatRequest(
                        sender,
                        HostFigures.NONE,
                        List.of(),
                        0,
                        0,
                        List.of(new HeldReplica(registration.replicaId(), 3_600_000, 2))))
                .is(200);
        assertThat(http.get(ENTRIES + "/a?touch=false").is(200).as(Entries.Entry.class).replicas())
                .extracting(Entries.Replica::held)
                .containsExactly(new Entries.Held(ServedRegistry.START.plus(Duration.ofHours(1)), 2));
    }

    @Test
    void anotherSnapshotReplacesAndTheSameOneDoesNot() throws Exception {
        Entries.Stored first = put("a", "s1");
        assertThat(put("a", "s1")).isEqualTo(new Entries.Stored(first.generation(), null, List.of()));
        Entries.Stored other = put("a", "s2");
        assertThat(other.replaced()).isEqualTo(new SnapshotId("s1"));
        assertThat(other.generation()).isGreaterThan(first.generation());
    }

    @Test
    void deletingGivesTheSnapshotOnce() throws Exception {
        put("a", "sa");
        assertThat(http.delete(ENTRIES + "/a").is(200).as(Entries.Deleted.class)).isEqualTo(new Entries.Deleted(new SnapshotId("sa")));
        http.delete(ENTRIES + "/a").isProblem(404, "unknown-entry", "key: a (expected: a key in namespace vm)");
    }

    @Test
    void compareAndDeleteDeletesOnlyWhatWasExpected() throws Exception {
        put("a", "sa");
        assertThat(
                http.delete(ENTRIES + "/a?ifSnapshot=sb")
                        .isProblem(412, "other-snapshot", "ifSnapshot: sb (expected: sa, which the entry names)")
                        .tree()
                        .path("snapshotId")
                        .asText())
                .isEqualTo("sa");
        http.delete(ENTRIES + "/a?ifSnapshot=").isProblem(400, "invalid-value", "ifSnapshot:  (expected: 1 to 512 bytes of UTF-8, not 0)");
        http.delete(ENTRIES + "/a?ifSnapshot=sa").is(200);
        http.delete(ENTRIES + "/a?ifSnapshot=sa").is(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/b", "../../etc/passwd", "..", ".", "a:b", "a_b", "a b", "+", "%2F", "ключ", "?", "#", "a/../b", "//", "\n"})
    void everyKeyIsItsOwn(String key) throws Exception {
        String path = ENTRIES + "/" + encoded(key);
        http.put(path, "{\"snapshotId\":\"s\"}").is(200);
        assertThat(http.get(path).is(200).as(Entries.Entry.class).key()).isEqualTo(new EntryKey(key));
        assertThat(keys(ENTRIES)).containsExactly(key);
        http.delete(path).is(200);
    }

    @Test
    void aKeyThatCannotBeKeptIsRefused() throws Exception {
        http.put(ENTRIES + "/a%00b", "{\"snapshotId\":\"s\"}").isProblem(400, "invalid-value", "key: a?b (expected: text without U+0000)");
        http.put(ENTRIES + "/" + "x".repeat(1025), "{\"snapshotId\":\"s\"}")
                .isProblem(400, "invalid-value", "key: " + "x".repeat(120) + "... (expected: 1 to 1024 bytes of UTF-8, not 1025)");
        http.put(ENTRIES + "/%FF%FE", "{\"snapshotId\":\"s\"}").is(400);
        http.put(ENTRIES + "/%C3", "{\"snapshotId\":\"s\"}").is(400);
        http.put(ENTRIES + "/", "{\"snapshotId\":\"s\"}").is(400);
        assertThat(keys(ENTRIES)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                    "{}|snapshotId: missing (expected: a text)",
                    "{\"snapshotId\":\"\"}|snapshotId:  (expected: 1 to 512 bytes of UTF-8, not 0)",
                    "{\"snapshotId\":5}|snapshotId: 5 (expected: a text)",
                    "{\"snapshotId\":\"a\\u0000\"}|snapshotId: a? (expected: text without U+0000)",
                    "{\"snapshotId\":\"a\\ud800\"}|snapshotId: a? (expected: text that can be written as UTF-8)",
                    "{\"snapshotId\":\"a\",\"sizeBytes\":-1}|sizeBytes: -1 (expected: 0 or more)",
                    "{\"snapshotId\":\"a\",\"sizeBytes\":1e3}|sizeBytes: 1000.0 (expected: a whole number of 64 bits)",
                    "{\"snapshotId\":\"a\",\"sizeBytes\":9223372036854775808}|sizeBytes: 9223372036854775808 (expected: a whole number of 64 bits)",
                    "{\"snapshotId\":\"a\",\"description\":\"\\u0000\"}|description: ? (expected: text without U+0000)",
                    "{\"snapshotId\":\"a\",\"labels\":{\"\":\"x\"}}|labels:  (expected: 1 to 128 bytes of UTF-8, not 0)"})
    void aBodyThatIsWrongIsRefusedByNameAndChangesNothing(String body, String detail) throws Exception {
        http.put(ENTRIES + "/a", body).isProblem(400, "invalid-value", detail);
        assertThat(keys(ENTRIES)).isEmpty();
    }

    @Test
    void anUnknownFieldIsRefusedByName() throws Exception {
        http.put(ENTRIES + "/a", "{\"snapshotId\":\"s\",\"pin\":true}")
                .isProblem(400, "unknown-field", "pin: unknown field (expected: description, labels, sizeBytes, snapshotId)");
        http.put(ENTRIES + "/a", "{\"snapshotId\":\"s\",\"labels\":{\"a\":null}}").is(400);
        assertThat(keys(ENTRIES)).isEmpty();
    }

    @Test
    void whatCanNeverFitIsRefused() throws Exception {
        http.put("/v1/namespaces/vm", "{\"maxBytes\":100}").is(200);
        put("a", "sa");
        http.put(ENTRIES + "/b", "{\"snapshotId\":\"s\",\"sizeBytes\":101}")
                .isProblem(422, "too-large", "sizeBytes: 101 (expected: at most 100, the maxBytes of namespace vm)");
        assertThat(keys(ENTRIES)).containsExactly("a");
    }

    @Test
    void aLargeBodyIsRefused() throws Exception {
        http.put(ENTRIES + "/a", "{\"snapshotId\":\"" + "x".repeat(2 << 20) + "\"}").is(413);
    }

    @Test
    void aListGoesOnWhereItsPageEnded() throws Exception {
        http.namespace("vm", 1_000);
        List<String> put = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            put("k" + i, "s" + i % 5);
            put.add("k" + i);
        }
        List<String> listed = new ArrayList<>();
        String after = null;
        int pages = 0;
        do {
            var page = page(ENTRIES + "?limit=10" + (after == null ? "" : "&after=" + encoded(after)));
            page.items().forEach(entry -> listed.add(entry.key().value()));
            after = page.next();
            pages++;
        } while (after != null);
        assertThat(listed).isEqualTo(put);
        assertThat(pages).isEqualTo(3);
        var snapshots = http.get("/v1/namespaces/vm/snapshots?limit=3").is(200).as(new TypeReference<Page<String>>() {});
        assertThat(snapshots.items()).containsExactly("s0", "s1", "s2");
        assertThat(
                http.get("/v1/namespaces/vm/snapshots?after=" + encoded(String.valueOf(snapshots.next())))
                        .is(200)
                        .as(new TypeReference<Page<String>>() {})
                        .items())
                .containsExactly("s3", "s4");
    }

    @Test
    void aCursorOfOneListIsRefusedByAnother() throws Exception {
        http.namespace("vm", 1_000);
        http.namespace("other", 1_000);
        put("k1", "s1");
        put("k2", "s2");
        String next = String.valueOf(page(ENTRIES + "?limit=1").next());
        http.get(ENTRIES + "?after=" + encoded(next)).is(200);
        for (String list : List.of("/v1/evictions", "/v1/plans", "/v1/namespaces/vm/snapshots", "/v1/namespaces/other/entries")) {
            http.get(list + "?after=" + encoded(next))
                    .isProblem(400, "invalid-value", "after: " + next + " (expected: the next of an earlier page)");
        }
    }

    @Test
    void aListIsFilteredByPrefixAndLabel() throws Exception {
        http.namespace("vm", 1_000);
        http.put(ENTRIES + "/ubuntu%2F22", "{\"snapshotId\":\"s\",\"labels\":{\"team\":\"a\"}}").is(200);
        http.put(ENTRIES + "/ubuntu%2F24", "{\"snapshotId\":\"s\",\"labels\":{\"team\":\"b=c\"}}").is(200);
        http.put(ENTRIES + "/debian", "{\"snapshotId\":\"s\",\"labels\":{\"team\":\"a\"}}").is(200);
        assertThat(keys(ENTRIES + "?prefix=ubuntu%2F")).containsExactly("ubuntu/22", "ubuntu/24");
        assertThat(keys(ENTRIES + "?label=team=a")).containsExactly("ubuntu/22", "debian");
        assertThat(keys(ENTRIES + "?label=team=b%3Dc&prefix=u")).containsExactly("ubuntu/24");
        assertThat(keys(ENTRIES + "?label=team=zzz")).isEmpty();
        assertThat(keys(ENTRIES + "?prefix=")).hasSize(3);
    }

    /** A hundred entries with the largest labels take 10 MB. */
    @Test
    void aPageOfLargeEntriesEndsAtFourMebibytesAndTheNextOneGoesOn() throws Exception {
        http.put("/v1/namespaces/vm", "{\"maxEntries\":100}").is(200);
        Map<String, String> labels = new TreeMap<>();
        for (int label = 0; label < 32; label++) {
            labels.put("%0128d".formatted(label), "\u0001".repeat(512));
        }
        List<String> put = new ArrayList<>();
        for (int number = 0; number < 100; number++) {
            put.add("k" + number);
            http.put(
                    ENTRIES + "/k" + number,
                    http.json.writeValueAsString(new Entries.Put(new SnapshotId("s"), null, null, new TreeMap<>(labels)))).is(200);
        }
        List<String> listed = new ArrayList<>();
        int pages = 0;
        String after = "";
        do {
            var answer = http.get(ENTRIES + "?limit=1000" + after).is(200);
            assertThat(answer.response.body()).hasSizeLessThanOrEqualTo(4 << 20);
            answer.tree().path("items").forEach(entry -> listed.add(entry.path("key").asText()));
            after = "&after=" + answer.tree().path("next").asText();
            pages++;
        } while (!after.equals("&after="));
        assertThat(listed).isEqualTo(put);
        assertThat(pages).as("no page is smaller than it need be").isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                    "limit=0|invalid-value|limit: 0 (expected: a whole number of 1 to 1000)",
                    "limit=1001|invalid-value|limit: 1001 (expected: a whole number of 1 to 1000)",
                    "limit=x|invalid-value|limit: x (expected: a whole number of 1 to 1000)",
                    "after=x|invalid-value|after: x (expected: the next of an earlier page)",
                    "label=team|invalid-value|label: team (expected: name=value)",
                    "label==x|invalid-value|label: =x (expected: name=value)",
                    "prefix=%00|invalid-value|prefix: ? (expected: text without U+0000)",
                    "filter=x|unknown-parameter|filter: unknown query parameter (expected: limit, after, prefix, label)"})
    void aListThatCannotBeMadeIsRefused(String query, String kind, String detail) throws Exception {
        http.get(ENTRIES + "?" + query).isProblem(400, kind, detail);
    }

    private Entries.Stored put(String key, String snapshot) throws Exception {
        return http.put(ENTRIES + "/" + encoded(key), "{\"snapshotId\":\"" + snapshot + "\",\"sizeBytes\":100}")
                .is(200)
                .as(Entries.Stored.class);
    }

    private Page<Entries.Entry> page(String path) throws Exception {
        return http.get(path).is(200).as(new TypeReference<Page<Entries.Entry>>() {});
    }

    private List<String> keys(String path) throws Exception {
        return page(path).items().stream().map(entry -> entry.key().value()).toList();
    }

    private static String encoded(@Nullable String text) {
        return URLEncoder.encode(String.valueOf(text), StandardCharsets.UTF_8).replace("+", "%20");
    }
}
