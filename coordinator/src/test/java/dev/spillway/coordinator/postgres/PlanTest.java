package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.table.ActivityTable;
import dev.spillway.coordinator.postgres.table.EntryTable;
import dev.spillway.coordinator.postgres.table.EvictionTable;
import dev.spillway.coordinator.postgres.table.OrderTable;
import dev.spillway.coordinator.postgres.table.PlanTable;
import dev.spillway.coordinator.postgres.table.ReplicaTable;
import dev.spillway.coordinator.postgres.table.VictimPrefetch;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.RegistryQueries;
import dev.spillway.registry.RegistryQueries.EntryView;
import dev.spillway.registry.RegistryQueries.EvictionFilter;
import dev.spillway.registry.RegistryQueries.EvictionView;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.Place;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static org.assertj.core.api.Assertions.assertThat;

/** The statements that run for every command find their rows by index: the plans are those of PostgreSQL over a million entries after ANALYZE. */
class PlanTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    @BeforeAll
    static void fill() {
        DATABASE.empty(RegistryRules.DEFAULTS);
        // Plans ask for sizes and figures, not for what would survive a crash.
        DATABASE.execute("ALTER TABLE entries SET UNLOGGED; ALTER TABLE replica_ids SET UNLOGGED; ALTER TABLE replicas SET UNLOGGED");
        DATABASE.execute(
                """
                        INSERT INTO namespaces (name, max_entries, max_eviction_share, entries, bytes, use_counter, hits, misses)
                            VALUES ('snapshots', 1000000, 0.5, 1000000, 1000000, 1000000, 0, 0), ('other', 9, 0.5, 0, 0, 0, 0, 0);
                        INSERT INTO hosts (host_id, store_id, address, state, incarnation, process_id, partition, last_heard_at, replicas, bytes, held, trash, free_bytes,
                            readmitted, reconcile_first)
                            SELECT 'host-' || n, gen_random_uuid(), 'a:1', CASE WHEN n % 10 = 0 THEN 'AWAY' ELSE 'ACTIVE' END, 1, gen_random_uuid(),
                                n % 4, now(), 0, 0, 0, 0, 0, false, false FROM generate_series(1, 50) n;
                        INSERT INTO entries SELECT 'snapshots', 'key-' || n, 'image-' || n, n, 1, '', '{}', n, false, now(), now()
                            FROM generate_series(1, 1000000) n;
                        INSERT INTO replica_ids SELECT lpad(to_hex(n), 32, '0')::uuid, 'host-1', 1, now() FROM generate_series(1, 1000000) n;
                        INSERT INTO replicas (replica_id, host_id, namespace, key, snapshot_id, generation, size_bytes, registered_at)
                            SELECT lpad(to_hex(n), 32, '0')::uuid, 'host-' || 1 + n / 20 % 50, 'snapshots', 'key-' || n, 'image-' || n, n, 1, now()
                            FROM generate_series(1, 1000000) n;
                        UPDATE replicas SET doom_cause = 'CAPACITY', eviction_id = replica_id, doomed_at = now(), attempts = 0,
                            next_attempt_at = now() - generation * interval '1 second' WHERE generation % 20 = 0;
                        INSERT INTO open_orders SELECT host_id, next_attempt_at, replica_id, doomed_at FROM replicas WHERE doom_cause IS NOT NULL;
                        INSERT INTO evictions (eviction_id, namespace, key, snapshot_id, generation, size_bytes, cause, actor, replicas, labels, evicted_at,
                            unfinished, published_at, publish_next_at)
                            SELECT lpad(to_hex(n), 32, '0')::uuid, 'snapshots', 'key-' || n, 'image', n, 1, 'CAPACITY', 'a', 1, '{}', now(), n % 5000 = 0,
                                CASE WHEN n % 50 = 0 THEN NULL ELSE now() END, now() FROM generate_series(1, 40000) n;
                        UPDATE entries SET pin_reason = 'r', pinned_at = now(), pin_until = now() + interval '1 day' WHERE generation % 100 = 7;
                        UPDATE evictions SET cause = 'PRUNED', plan_id = '00000000-0000-0000-0000-000000000001' WHERE generation % 200 = 0;
                        INSERT INTO plans (plan_id, namespace, purpose, actor, state, namespace_entries, allowed, selected_entries, selected_bytes, looked_to,
                            victims, victim_bytes, done, evicted, evicted_bytes, gone, replaced, pinned, used, created_at, expires_at)
                            SELECT lpad(to_hex(n), 32, '0')::uuid, 'snapshots', '{}', 'a', 'OPEN', 1, 1, 1, 1, 1, 100, 1, 0, 0, 0, 0, 0, 0, 0, now(), now()
                            FROM generate_series(1, 400) n;
                        INSERT INTO plan_victims SELECT lpad(to_hex(n / 100 + 1), 32, '0')::uuid, n % 100 + 1, 'key-' || n, 'image', n, 1, n, 'IDLE',
                            CASE WHEN n % 10 = 0 THEN 'USED' ELSE 'EVICTED' END FROM generate_series(0, 39999) n;
                        INSERT INTO held_replicas SELECT host_id, replica_id, now() + interval '1 hour', 1 FROM replicas WHERE generation % 20 = 1;
                        INSERT INTO activity (at, what) SELECT now(), '{}' FROM generate_series(1, 40000);
                        """);
        DATABASE.execute("ANALYZE");
    }

    private static String plan(String sql, UnaryOperator<Query> bound) {
        PostgresRegistrySettings settings = DATABASE.settings();
        try (Handle handle = Jdbi.create(settings.url(), settings.user(), settings.password()).installPlugin(new PostgresPlugin()).open()) {
            return String.join("\n", bound.apply(handle.createQuery("EXPLAIN " + sql)).mapTo(String.class).list());
        }
    }

    private static List<ReplicaId> replicas() {
        return IntStream.rangeClosed(100, 120).mapToObj(n -> new ReplicaId(new UUID(0, n))).toList();
    }

    private static List<EntryName> names() {
        return IntStream.rangeClosed(100, 120).mapToObj(n -> Fleet.name("key-" + n)).toList();
    }

    @Test
    void victimsComeFromTheIndexInOrderOfUse() {
        String plan = plan(
                EntryTable.VICTIMS,
                query -> EntryTable.behind(query, Place.START).bind("namespace", "snapshots").bind("limit", 1));
        assertThat(plan).contains("Index Scan using entries_in_order").doesNotContain("Seq Scan").doesNotContain("Sort");
    }

    @Test
    void victimsAreReadTogetherWithTheirHolders() {
        String plan = plan(
                VictimPrefetch.VICTIMS,
                query -> Columns.of(List.of("snapshots"))
                        .texts("namespaces", namespace -> namespace)
                        .doubles("priorities", namespace -> 0.0)
                        .longs("uses", namespace -> 17L)
                        .ints("limits", namespace -> 64)
                        .bindTo(query)
                        .bind("holdersEach", 1_000));
        assertThat(plan).contains("Index Scan using entries_in_order")
                .contains("Index Scan using replicas_of_generation")
                .doesNotContain("Seq Scan")
                .doesNotContain("Sort");
    }

    @Test
    void anEntryIsReadWithItsReplicas() {
        String plan = plan(
                EntryReads.ENTRIES,
                query -> Columns.of(names())
                        .texts("namespaces", EntryName::namespace)
                        .texts("keys", EntryName::key)
                        .bindTo(query)
                        .bind("limit", 100));
        // A fleet of 50 hosts is one page, which is read as a whole.
        assertThat(plan).contains("entries_pkey")
                .contains("replicas_of_generation")
                .contains("held_replicas_pkey")
                .doesNotContain("Seq Scan on entries", "Seq Scan on replicas", "Seq Scan on held_replicas");
    }

    @Test
    void pinnedEntriesAreFoundApartFromTheOthers() {
        assertThat(plan(EntryTable.PINNED, query -> query.bind("namespace", "snapshots").bind("limit", 10)))
                .contains("Index Scan using entries_pinned on")
                .doesNotContain("Seq Scan")
                .doesNotContain("Sort");
        assertThat(plan(EntryTable.PINS_ENDED, query -> query.bind("namespace", "snapshots").bind("limit", 10).bind("now", Instant.now())))
                .contains("Index Scan using entries_by_end_of_pin")
                .doesNotContain("Seq Scan")
                .doesNotContain("Sort");
    }

    @Test
    void whatIsOverComesFromTheIndexes() {
        assertThat(
                plan(
                        EntryTable.CREATED_UNTIL,
                        query -> query.bind("namespace", "snapshots").bind("latest", Instant.now()).bind("limit", 100)))
                .contains("Index Scan using entries_by_age")
                .doesNotContain("Sort")
                .doesNotContain("Seq Scan");
        assertThat(plan(EntryTable.DUE, query -> query.bind("limit", 64))).contains("entries_by_age")
                .contains("entries_in_order")
                .contains("entries_by_end_of_pin")
                .doesNotContain("Seq Scan on entries");
    }

    @Test
    void aPageOfTheListIsPutTogetherFromBothOrders() {
        String page = " AND " + EntryTable.BEHIND + " ORDER BY e.priority, e.last_use LIMIT :limit";
        assertThat(
                plan(
                        PostgresQueries.ENTRIES.formatted(page),
                        query -> EntryTable.behind(query, Place.START).bind("namespace", "snapshots").bind("limit", 101)))
                .contains("Index Scan using entries_in_order")
                .contains("Index Scan using entries_pinned")
                .doesNotContain("Seq Scan");
    }

    @Test
    void fewEntriesOfAPrefixAreFoundByTheirKeysAndManyInTheOrderOfUse() {
        String page = " AND " + EntryTable.BEHIND + " ORDER BY e.priority, e.last_use LIMIT :limit";
        for (String sql : List.of(PostgresQueries.MANY_OF_PREFIX, PostgresQueries.FEW_OF_PREFIX.formatted(page))) {
            assertThat(plan(sql, query -> {
                query.bind("namespace", "snapshots").bind("prefix", "key-77").bind("beyond", "key-78");
                return sql.contains(":after") ? EntryTable.behind(query, Place.START).bind("limit", 101) : query;
            })).contains("entries_pkey").doesNotContain("Seq Scan");
        }
        try (PostgresRegistry registry = DATABASE.open(RegistryRules.DEFAULTS)) {
            for (String prefix : List.of("key-77", "key-7", "key-777777", "no-key")) {
                RegistryQueries.Page<EntryView> first = registry.queries().entries(Fleet.ns("snapshots"), prefix, Map.of(), null, 300);
                List<String> inOrderOfUse =
                        DATABASE.ask("SELECT key FROM entries WHERE starts_with(key, '" + prefix + "') ORDER BY last_use LIMIT 600");
                assertThat(keys(first)).isEqualTo(inOrderOfUse.subList(0, Math.min(300, inOrderOfUse.size())));
                if (first.next() != null) {
                    assertThat(keys(registry.queries().entries(Fleet.ns("snapshots"), prefix, Map.of(), first.next(), 300)))
                            .isEqualTo(inOrderOfUse.subList(300, 600));
                }
            }
        }
    }

    @Test
    void aPageOfAFilteredListLooksAtABoundedNumberOfRowsAndTheNextGoesOn() {
        DATABASE.execute("UPDATE entries SET labels = '{\"rare\": \"yes\"}' WHERE last_use = 999999");
        try (PostgresRegistry registry = DATABASE.open(RegistryRules.DEFAULTS)) {
            RegistryQueries queries = registry.queries();
            List<RegistryQueries.Page<EntryView>> entries =
                    pages(after -> queries.entries(Fleet.ns("snapshots"), null, Map.of("rare", "yes"), after, 10));
            assertThat(entries).hasSize(1_000_000 / PostgresQueries.WALK_MAX + 1);
            assertThat(entries.getFirst().items()).isEmpty();
            assertThat(entries.stream().flatMap(page -> keys(page).stream())).containsExactly("key-999999");

            List<String> ofHost = DATABASE.ask("""
                    SELECT e.eviction_id FROM evictions e JOIN replicas r ON r.generation = e.generation AND r.eviction_id = e.eviction_id
                    WHERE r.host_id = 'host-2' ORDER BY e.number DESC""");
            EvictionFilter onHost = new EvictionFilter(null, new HostId("host-2"), null);
            List<RegistryQueries.Page<EvictionView>> evictions = pages(after -> queries.evictions(onHost, after, 1_000));
            assertThat(evictions).hasSize(40_000 / EvictionReading.WALK_MAX + 1);
            assertThat(evictions.stream().flatMap(page -> page.items().stream()).map(view -> view.fact().id().toString())).isNotEmpty()
                    .containsExactlyElementsOf(ofHost);
            assertThat(queries.evictions(new EvictionFilter(null, new HostId("host-99"), null), null, 10))
                    .isEqualTo(new RegistryQueries.Page<>(List.of(), "30001"));
        }
    }

    private static <T> List<RegistryQueries.Page<T>> pages(Function<@Nullable String, RegistryQueries.Page<T>> list) {
        List<RegistryQueries.Page<T>> pages = new ArrayList<>();
        String after = null;
        do {
            pages.add(list.apply(after));
            after = pages.getLast().next();
        } while (after != null);
        return pages;
    }

    private static List<String> keys(RegistryQueries.Page<EntryView> page) {
        return page.items().stream().map(entry -> entry.name().key().value()).toList();
    }

    @Test
    void aPrefixIsARangeOfTheKey() {
        assertThat(
                plan(
                        EntryTable.COUNT_UNPINNED,
                        query -> query.bind("namespace", "snapshots").bind("prefix", "key-77").bind("beyond", "key-78")))
                .contains("entries_pkey")
                .contains("(key >= 'key-77'::text) AND (key < 'key-78'::text)")
                .doesNotContain("Seq Scan");
    }

    @Test
    void victimsOfAPlanComeInTheirOrder() {
        for (String sql : List.of(PlanTable.VICTIMS, PlanTable.KEPT)) {
            assertThat(plan(sql, query -> query.bind("plan", new UUID(0, 7)).bind("after", 10L).bind("limit", 20)))
                    .contains("Index Scan using plan_victims_")
                    .doesNotContain("Seq Scan")
                    .doesNotContain("Sort");
        }
    }

    @Test
    void theAuditTrailIsFoundByPlanAndByCause() {
        assertThat(
                plan(
                        "SELECT * FROM evictions e WHERE e.number < 99999 AND e.plan_id = :plan ORDER BY e.number DESC LIMIT 100",
                        query -> query.bind("plan", new UUID(0, 1))))
                .contains("evictions_of_plan")
                .doesNotContain("Seq Scan");
        assertThat(
                plan(
                        "SELECT * FROM evictions e WHERE e.number < 99999 AND e.cause = 'INVALIDATED' ORDER BY e.number DESC LIMIT 100",
                        query -> query))
                .contains("evictions_of_rarer_cause")
                .doesNotContain("Seq Scan");
    }

    @Test
    void fewOpenEvictionsAreFoundThroughTheirOrders() {
        assertThat(plan(EvictionReading.FEW_OPEN, query -> query.bind("before", Long.MAX_VALUE).bind("limit", 100)))
                .contains("evictions_pkey")
                .contains("evictions_unfinished")
                .doesNotContain("Seq Scan on evictions");
    }

    @Test
    void entriesAreFoundByTheirNames() {
        String plan = plan(
                EntryTable.BY_NAME + " FOR UPDATE OF e",
                query -> Columns.of(names()).texts("namespaces", EntryName::namespace).texts("keys", EntryName::key).bindTo(query));
        assertThat(plan).contains("entries_pkey").doesNotContain("Seq Scan");
    }

    @Test
    void recordedIdsAreFoundByTheirKey() {
        assertThat(
                plan(
                        ReplicaTable.RECORD,
                        query -> Columns.of(replicas())
                                .uuids("ids", ReplicaId::value)
                                .texts("hosts", id -> "host-1")
                                .longs("incarnations", id -> 1L)
                                .bindTo(query)
                                .bind("now", Instant.EPOCH)))
                .contains("Conflict Resolution: NOTHING")
                .doesNotContain("Seq Scan");
    }

    @Test
    void holdersAreFoundByTheirGeneration() {
        String plan = plan(
                ReplicaTable.LIVE,
                query -> Columns.of(names().stream().map(name -> new Holding(name, 100)).toList())
                        .texts("namespaces", holding -> holding.name().namespace())
                        .texts("keys", holding -> holding.name().key())
                        .longs("generations", Holding::generation)
                        .bindTo(query)
                        .bind("limit", 1_000));
        assertThat(plan).contains("replicas_of_generation").doesNotContain("Seq Scan");
    }

    @Test
    void holdersOnOtherHostsAreFoundByTheirGeneration() {
        String plan = plan(
                ReplicaTable.OF_THEM_HELD_ELSEWHERE,
                query -> Columns.of(names().stream().map(name -> new Holding(name, 100)).toList())
                        .texts("namespaces", holding -> holding.name().namespace())
                        .texts("keys", holding -> holding.name().key())
                        .longs("generations", Holding::generation)
                        .bindTo(query)
                        .bind("than", "host-7"));
        assertThat(plan).contains("replicas_of_generation").contains("hosts_pkey").doesNotContain("Seq Scan on replicas");
    }

    @Test
    void theOrdersOfAHostAreReadPageByPageFromItsPartOfTheIndex() {
        assertThat(
                plan(
                        HostReading.ORDERS,
                        query -> query.bind("host", "host-7").bind("at", Instant.EPOCH).bind("id", new UUID(0, 0)).bind("limit", 101)))
                .contains("open_orders_pkey")
                .contains("Index Scan using replicas_pkey")
                .doesNotContain("Seq Scan");
    }

    @Test
    void lastCopiesAreCountedFromTheIndexes() {
        assertThat(plan(HostReading.LAST_COPIES, query -> query.bind("host", "host-7"))).contains("replicas_of_host")
                .contains("replicas_of_generation")
                .doesNotContain("Seq Scan on replicas");
    }

    @Test
    void hostsAreCountedWithoutLookingAtTheirCopies() {
        assertThat(plan(HostReading.BY_STATE, query -> query)).contains("Seq Scan on hosts").doesNotContain("replicas");
    }

    @Test
    void ordersThatWaitHaveAnIndexOfTheirOwn() {
        assertThat(plan(OrderTable.WAITING, query -> query.bind("limit", 100))).contains("open_orders_waiting")
                .doesNotContain("Seq Scan on open_orders");
    }

    @Test
    void dueOrdersComeFromTheIndexHostByHost() {
        String candidates = plan(OrderTable.DUE_CANDIDATES, query -> query.bind("now", Instant.now()).bind("limit", 500));
        assertThat(candidates).contains("Index Only Scan using open_orders_pkey").doesNotContain("Seq Scan on open_orders");
        assertThat(
                plan(
                        OrderTable.DUE_LOCKED,
                        query -> Columns.of(replicas())
                                .uuids("ids", ReplicaId::value)
                                .bindTo(query)
                                .bind("now", Instant.now())))
                .contains("replicas_pkey")
                .doesNotContain("Seq Scan");
        assertThat(
                plan(
                        OrderTable.FOR_HEARTBEATS,
                        query -> Columns.of(List.of("host-7"))
                                .texts("hosts", host -> host)
                                .ints("limits", host -> 500)
                                .bindTo(query)
                                .bind("now", Instant.now())
                                .bind("soon", Instant.now())))
                .contains("open_orders_pkey")
                .contains("replicas_pkey")
                .doesNotContain("Seq Scan");
    }

    @Test
    void dueFactsAndUnfinishedEvictionsComeFromTheirPartialIndexes() {
        assertThat(plan(EvictionTable.DUE_FACTS, query -> query.bind("now", Instant.now()).bind("limit", 500)))
                .contains("Index Scan using evictions_due")
                .doesNotContain("Seq Scan")
                .doesNotContain("Sort");
        assertThat(plan(PostgresQueries.UNPUBLISHED, query -> query)).contains("evictions_due")
                .contains("evictions_number_key")
                .doesNotContain("Seq Scan")
                .doesNotContain("Sort");
        assertThat(plan(EvictionTable.UNFINISHED, query -> query.bind("limit", 1))).contains("Index Scan using evictions_unfinished")
                .doesNotContain("Seq Scan")
                .doesNotContain("Sort");
    }

    @Test
    void activityIsReadInTheOrderOfItsKey() {
        assertThat(plan(ActivityTable.PAGE, query -> query.bind("after", 0L).bind("settled", 30_000L).bind("limit", 100)))
                .contains("Index Scan using activity_pkey")
                .doesNotContain("Seq Scan")
                .doesNotContain("Sort");
    }
}
