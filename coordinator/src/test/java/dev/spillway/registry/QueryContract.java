package dev.spillway.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.spillway.events.Description;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.codec.Json;
import dev.spillway.registry.RegistryQueries.ActivityPage;
import dev.spillway.registry.RegistryQueries.EntryView;
import dev.spillway.registry.RegistryQueries.EvictionFilter;
import dev.spillway.registry.RegistryQueries.EvictionView;
import dev.spillway.registry.RegistryQueries.HostView;
import dev.spillway.registry.RegistryQueries.NamespaceView;
import dev.spillway.registry.RegistryQueries.Page;
import dev.spillway.registry.RegistryQueries.Recorded;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.Policy;
import dev.spillway.registry.trail.Activity;
import dev.spillway.registry.trail.ActivityCursor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static dev.spillway.registry.Fleet.NS;
import static dev.spillway.registry.Fleet.labelled;
import static dev.spillway.registry.Fleet.name;
import static dev.spillway.registry.Fleet.ns;
import static dev.spillway.registry.RegistryQueries.LIMIT_MAX;
import static dev.spillway.registry.RegistryQueries.ORDERS_IN_LISTS_MAX;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Reads for people and programs: complete, in order, in pages, and without changing anything. */
public interface QueryContract extends RegistryFixture {
    private static void put(Fleet fleet, String key, Description description) {
        fleet.registry.execute(new Command.Put(name(key), new SnapshotId("image"), 1, description));
    }

    private static List<String> keys(Fleet fleet, @Nullable String prefix, Map<String, String> labels) {
        List<String> keys = new ArrayList<>();
        String after = null;
        do {
            Page<EntryView> page = fleet.registry.queries().entries(ns(NS), prefix, labels, after, 2);
            page.items().forEach(entry -> keys.add(entry.name().key().value()));
            after = page.next();
        } while (after != null);
        return keys;
    }

    @Test
    default void entriesAreListedInPagesLeastRecentlyUsedFirst() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        for (String key : List.of("d", "a", "c", "b", "e")) {
            fleet.put(key, "image-" + key);
        }
        fleet.get("a");
        assertThat(keys(fleet, null, Map.of())).containsExactly("d", "c", "b", "e", "a");
        assertThat(fleet.registry.queries().entries(ns(NS), null, Map.of(), null, 5).next()).as("a full last page").isNull();
        assertThat(fleet.registry.queries().entries(ns("no-such"), null, Map.of(), null, 5).items()).isEmpty();
    }

    /** As large as descriptions may be: about 103 KB of JSON, because each control character takes six bytes of it. */
    private static Description largest() {
        String[] labels = IntStream.range(0, 32)
                .boxed()
                .flatMap(number -> Stream.of("%0128d".formatted(number), "\u0001".repeat(512)))
                .toArray(String[]::new);
        return labelled(labels);
    }

    /** Pages of a list, asked for with the highest limit, none of which is larger as JSON than a page may be. */
    private static <T> List<T> inPages(Function<@Nullable String, Page<T>> list, ToLongFunction<T> bytes) {
        List<T> all = new ArrayList<>();
        String after = null;
        do {
            Page<T> page = list.apply(after);
            assertThat(page.items()).isNotEmpty();
            assertThat(page.items().stream().mapToLong(bytes).sum()).isLessThanOrEqualTo(RegistryQueries.PAGE_BYTES_MAX);
            all.addAll(page.items());
            after = page.next();
        } while (after != null);
        return all;
    }

    private static long json(Object value) {
        try {
            return Json.strict().writeValueAsBytes(value).length;
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    default void aPageEndsEarlyWhereItsItemsAreLarge() {
        Fleet fleet = Fleet.withCapacity(empty(), 50);
        List<String> keys = IntStream.range(0, 100).mapToObj(number -> "k" + number).toList();
        keys.forEach(key -> put(fleet, key, largest()));
        List<EntryView> entries = inPages(
                after -> fleet.registry.queries().entries(ns(NS), null, Map.of(), after, LIMIT_MAX),
                entry -> json(entry.description().labels()));
        assertThat(entries).extracting(entry -> entry.name().key().value()).containsExactlyElementsOf(keys.subList(50, 100));
        assertThat(
                inPages(
                        after -> fleet.registry.queries().entries(ns(NS), "k", Map.of(), after, LIMIT_MAX),
                        entry -> json(entry.description().labels())))
                .isEqualTo(entries);
        List<EvictionView> evictions =
                inPages(
                        after -> fleet.registry.queries().evictions(new EvictionFilter(null, null, null), after, LIMIT_MAX),
                        eviction -> json(eviction.fact().labels()));
        assertThat(evictions).extracting(eviction -> eviction.fact().key().value())
                .containsExactlyElementsOf(keys.subList(0, 50).reversed());
    }

    /** 60 evictions of 100 copies each, whose hosts could not delete them and say why at length. */
    @Test
    default void aPageOfEvictionsEndsEarlyWhereTheirOrdersAreMany() {
        Fleet fleet = Fleet.withCapacity(empty(), 60);
        List<FleetHost> hosts = IntStream.range(0, 100).mapToObj(number -> fleet.host("host-" + number)).toList();
        Map<String, Long> generations = new HashMap<>();
        hosts.getFirst().registerMany("k", 60);
        IntStream.range(0, 60).forEach(number -> generations.put("k" + number, fleet.entry("k" + number).generation()));
        Map<FleetHost, List<ReplicaId>> copies = new HashMap<>();
        for (FleetHost host : hosts.subList(1, 100)) {
            copies.put(host, host.attachAll(generations));
        }
        generations.keySet().forEach(key -> fleet.invalidate(key, null));
        copies.forEach(
                (host, replicas) -> host.heartbeat(
                        replicas.stream().map(replica -> host.failed(replica, "\u2026".repeat(500))).toArray(Report[]::new)));
        List<EvictionView> evictions =
                inPages(
                        after -> fleet.registry.queries().evictions(new EvictionFilter(null, null, null), after, LIMIT_MAX),
                        eviction -> json(eviction.orders()));
        assertThat(evictions).hasSize(60).allSatisfy(eviction -> assertThat(eviction.orders()).hasSize(100));
        assertThat(evictions.stream().mapToLong(eviction -> json(eviction.orders())).sum())
                .isGreaterThan(2 * RegistryQueries.PAGE_BYTES_MAX);
    }

    @Test
    default void aKeyPrefixIsTakenLiterally() {
        Fleet fleet = Fleet.withCapacity(empty(), 20);
        for (String key : List.of("a%b", "aXb", "a_c", "aYc", "a\\d", "a\\\\", "b", "é1", "é2", "A%b")) {
            put(fleet, key, Description.NONE);
        }
        assertThat(keys(fleet, "a%", Map.of())).containsExactly("a%b");
        assertThat(keys(fleet, "a_", Map.of())).containsExactly("a_c");
        assertThat(keys(fleet, "a\\", Map.of())).containsExactly("a\\d", "a\\\\");
        assertThat(keys(fleet, "é", Map.of())).containsExactly("é1", "é2");
        assertThat(keys(fleet, "zz", Map.of())).isEmpty();
        assertThat(keys(fleet, "", Map.of())).hasSize(10);
    }

    @Test
    default void entriesAreFilteredByAllOfTheLabels() {
        Fleet fleet = Fleet.withCapacity(empty(), 20);
        put(fleet, "one", labelled("os", "alpine", "arch", "arm64"));
        put(fleet, "two", labelled("os", "alpine", "arch", "x86", "quote\"d", "it's\\"));
        put(fleet, "three", labelled("os", "debian"));
        put(fleet, "four", Description.NONE);
        assertThat(keys(fleet, null, Map.of("os", "alpine"))).containsExactly("one", "two");
        assertThat(keys(fleet, null, Map.of("os", "alpine", "arch", "x86"))).containsExactly("two");
        assertThat(keys(fleet, null, Map.of("quote\"d", "it's\\"))).containsExactly("two");
        assertThat(keys(fleet, "t", Map.of("os", "debian"))).containsExactly("three");
        assertThat(keys(fleet, null, Map.of("os", "alp"))).isEmpty();
    }

    /** The order is that of UTF-8, and so of code points: an emoji comes after U+FFFD, although its first UTF-16 unit is smaller. */
    @Test
    default void snapshotsAreOrderedByTheirBytes() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        List<String> inOrder = List.of(
                "image",
                "image-Z",
                "image-a",
                "image-é",
                "image-\uE000",
                "image-\uFFFD",
                "image-\uD83D\uDE00",
                "image-\uD83D\uDE00a",
                "image-\uDBFF\uDFFD");
        inOrder.reversed().forEach(id -> fleet.put("k-" + id, id));
        List<String> listed = new ArrayList<>();
        String after = null;
        do {
            Page<SnapshotId> page = fleet.registry.queries().snapshots(ns(NS), after, 1);
            page.items().forEach(id -> listed.add(id.value()));
            after = page.next();
        } while (after != null);
        assertThat(listed).isEqualTo(inOrder);
    }

    @Test
    default void aCursorThatNoPageGaveIsRefused() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        RegistryQueries queries = fleet.registry.queries();
        assertThatThrownBy(() -> queries.entries(ns(NS), null, Map.of(), "x'; DROP TABLE entries", 5))
                .isInstanceOf(InvalidValueException.class)
                .hasMessageContaining("after")
                .hasMessageContaining("expected");
        assertThatThrownBy(() -> queries.evictions(new EvictionFilter(null, null, null), "-1", 5))
                .isInstanceOf(InvalidValueException.class);
    }

    @Test
    default void readingDoesNotTouch() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        fleet.put("a", "1");
        fleet.put("b", "2");
        fleet.entry("a");
        fleet.registry.queries().entries(ns(NS), null, Map.of(), null, 10);
        assertThat(fleet.figures().hits()).isZero();
        assertThat(fleet.evictedByPutting("c")).containsExactly("a");
    }

    @Test
    default void namespacesAreListedWithTheirFigures() {
        Fleet fleet = new Fleet(empty());
        fleet.namespace("b", 5L);
        fleet.registry.execute(new Command.SetPolicy(ns("a"), null, 9L, 0.75));
        assertThat(fleet.registry.queries().namespaces()).extracting(NamespaceView::name)
                .containsExactly(new NamespaceName("a"), new NamespaceName("b"));
        assertThat(fleet.registry.queries().namespace(ns("a")).orElseThrow()).isEqualTo(
                new NamespaceView(ns("a"), new Policy(null, 9L, 0.75), 0, 0, 0, 0, 0, 0, Map.of()));
        assertThat(fleet.registry.queries().namespace(ns("c"))).isEmpty();
    }

    @Test
    default void evictionsAreListedNewestFirstAndFiltered() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        fleet.namespace("other", 1L);
        FleetHost one = fleet.host("host-1");
        FleetHost two = fleet.host("host-2");
        ReplicaId first = one.holds("a", "1");
        two.holds("b", "2");
        fleet.put("c", "3");
        List.of("a", "b", "c").forEach(key -> fleet.invalidate(key, null));
        one.heartbeat(one.report(first, Report.Result.DELETED));

        assertThat(found(fleet, new EvictionFilter(null, null, null))).containsExactly("c", "b", "a");
        assertThat(found(fleet, new EvictionFilter("open", null, null))).containsExactly("b");
        assertThat(found(fleet, new EvictionFilter("closed", null, null))).containsExactly("c", "a");
        assertThat(found(fleet, new EvictionFilter(null, one.id, null))).containsExactly("a");
        assertThat(found(fleet, new EvictionFilter("open", one.id, null))).isEmpty();
        assertThat(found(fleet, new EvictionFilter(null, null, ns(NS)))).containsExactly("c", "b", "a");
        assertThat(found(fleet, new EvictionFilter(null, null, ns("other")))).isEmpty();
        EvictionView newest = fleet.evictions().getFirst();
        assertThat(fleet.registry.queries().eviction(newest.fact().id())).contains(newest);
        assertThat(fleet.registry.queries().eviction(new EvictionId(new UUID(1, 1)))).isEmpty();
        assertThat(newest.fact().cause()).isEqualTo(EvictionCause.INVALIDATED);
    }

    /** A client that waits for the last host filters by open evictions, and finds them however many are closed. */
    @Test
    default void ofManyOrdersThoseThatAreOpenAreShownFirst() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        List<FleetHost> hosts = IntStream.range(0, ORDERS_IN_LISTS_MAX + 2).mapToObj(n -> fleet.host("host-" + n)).toList();
        List<ReplicaId> replicas = hosts.stream().map(host -> host.holds("a", "1")).toList();
        fleet.invalidate("a", null);
        for (int n = 0; n < ORDERS_IN_LISTS_MAX; n++) {
            hosts.get(n).heartbeat(hosts.get(n).report(replicas.get(n), Report.Result.DELETED));
        }
        EvictionView listed = fleet.onlyEviction();
        assertThat(listed.open()).isTrue();
        assertThat(listed.orders()).hasSize(ORDERS_IN_LISTS_MAX);
        assertThat(listed.orders().subList(0, 2)).extracting(RegistryQueries.OrderView::replicaId)
                .containsExactlyInAnyOrderElementsOf(replicas.subList(ORDERS_IN_LISTS_MAX, replicas.size()));
        EvictionView whole = fleet.registry.queries().eviction(listed.fact().id()).orElseThrow();
        assertThat(whole.orders()).hasSize(replicas.size()).startsWith(listed.orders().toArray(RegistryQueries.OrderView[]::new));
    }

    private static List<String> found(Fleet fleet, EvictionFilter filter) {
        List<String> keys = new ArrayList<>();
        String after = null;
        do {
            Page<EvictionView> page = fleet.registry.queries().evictions(filter, after, 1);
            page.items().forEach(eviction -> keys.add(eviction.fact().key().value()));
            after = page.next();
        } while (after != null);
        return keys;
    }

    @Test
    default void openOrdersAreCountedWithTheOldest() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        assertThat(fleet.registry.queries().openOrders()).isEqualTo(new RegistryQueries.OpenOrders(0, null));
        FleetHost host = fleet.host("host-1");
        host.holds("a", "1");
        host.holds("b", "2");
        fleet.invalidate("b", null);
        fleet.invalidate("a", null);
        RegistryQueries.OpenOrders open = fleet.registry.queries().openOrders();
        assertThat(open.count()).isEqualTo(2);
        assertThat(open.oldestAt()).isEqualTo(fleet.evictions().getLast().fact().evictedAt());
        assertThat(fleet.registry.queries().hosts()).extracting(HostView::openOrders).containsExactly(2L);
        assertThat(fleet.registry.queries().host(new HostId("nobody"))).isEmpty();
    }

    @Test
    default void unpublishedFactsAreCountedWithTheOldest() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        assertThat(fleet.registry.queries().unpublishedFacts().count()).isZero();
        assertThat(fleet.registry.queries().unpublishedFacts().oldestAt()).isNull();
        FleetHost host = fleet.host("host-1");
        host.holds("a", "1");
        host.holds("b", "2");
        fleet.invalidate("b", null);
        fleet.invalidate("a", null);
        List<EvictionFact> facts = fleet.claimFacts();
        RegistryQueries.UnpublishedFacts both = fleet.registry.queries().unpublishedFacts();
        assertThat(both.count()).as("handed out is not published").isEqualTo(2);
        assertThat(both.oldestAt()).isEqualTo(facts.getFirst().evictedAt()).isBeforeOrEqualTo(both.readAt());
        fleet.registry.execute(new Command.FactsPublished(List.of(facts.getFirst().id())));
        RegistryQueries.UnpublishedFacts one = fleet.registry.queries().unpublishedFacts();
        assertThat(one.count()).isOne();
        assertThat(one.oldestAt()).isEqualTo(facts.getLast().evictedAt());
    }

    @Test
    default void activityIsFollowedFromWhereAReaderStands() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        FleetHost host = fleet.host("host-1");
        ActivityPage start = fleet.registry.queries().activity(null, 10);
        assertThat(start.items()).isEmpty();
        assertThat(start.gap()).isFalse();
        ReplicaId replica = host.holds("a", "1");
        fleet.invalidate("a", null);
        host.heartbeat(host.report(replica, Report.Result.DELETED));
        fleet.registry.execute(new Command.Retire(host.id));

        List<Activity> seen = new ArrayList<>();
        ActivityCursor cursor = start.next();
        while (seen.size() < 3) {
            ActivityPage page = fleet.registry.queries().activity(cursor, 2);
            assertThat(page.gap()).isFalse();
            assertThat(page.items()).hasSizeLessThanOrEqualTo(2);
            // The join came before, but a start that some other transaction holds back may lie before it.
            page.items().stream().map(Recorded::activity).filter(activity -> !isJoin(activity)).forEach(seen::add);
            cursor = page.next();
        }
        assertThat(seen.get(0)).isInstanceOfSatisfying(Activity.Evicted.class, evicted -> {
            assertThat(evicted.key()).isEqualTo(name("a").key());
            assertThat(evicted.replicas()).isOne();
        });
        assertThat(seen.get(1)).isInstanceOfSatisfying(Activity.Confirmed.class, confirmed -> {
            assertThat(confirmed.replicaId()).isEqualTo(replica);
            assertThat(confirmed.result()).isEqualTo(ClosedReplica.Result.DELETED);
        });
        assertThat(seen.get(2)).isInstanceOfSatisfying(
                Activity.HostChanged.class,
                changed -> assertThat(changed.state()).isEqualTo(HostState.RETIRED));
        assertThat(fleet.registry.queries().activity(cursor, 10).items()).isEmpty();
    }

    private static boolean isJoin(Activity activity) {
        return activity instanceof Activity.HostChanged changed && changed.state() == HostState.ACTIVE;
    }
}
