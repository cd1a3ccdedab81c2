package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.curve.HitRateCurve;
import dev.spillway.coordinator.curve.SampledAccesses;
import dev.spillway.coordinator.curve.Sampling;
import dev.spillway.coordinator.curve.UsageStore;
import dev.spillway.coordinator.curve.UseModel;
import dev.spillway.coordinator.postgres.PostgresRegistry;
import dev.spillway.coordinator.postgres.TestDatabase;
import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.FleetHost;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.trail.Access;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** Curves and hit rates over time in a real database, from the accesses that a registry commits. */
class UsageTablesTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final NamespaceName NAMESPACE = Fleet.ns(Fleet.NS);

    private final List<Access> accesses = new ArrayList<>();
    private Fleet fleet;
    private UsageStore usage;

    @BeforeEach
    void open() {
        PostgresRegistry registry = DATABASE.empty(RegistryRules.DEFAULTS);
        fleet = Fleet.withCapacity(registry, 2);
        usage = registry.usage();
        registry.followAccesses(accesses::addAll);
    }

    private SampledAccesses taken() {
        SampledAccesses.Gathering gathering = new SampledAccesses.Gathering(Sampling.ALL);
        accesses.forEach(gathering::take);
        accesses.clear();
        return gathering.taken();
    }

    private void store() {
        usage.store(Map.of(NAMESPACE, taken()));
    }

    /** Reads a key, and puts what is missing. */
    private void read(String... keys) {
        for (String key : keys) {
            if (fleet.get(key) == null) {
                fleet.put(key, "image-of-" + key);
            }
        }
    }

    @Test
    void theCurveTellsWhatALargerNamespaceWouldHaveHit() {
        read("a", "b", "c", "a", "b", "c", "a", "b", "c", "c");
        store();

        HitRateCurve.Line curve = usage.curve(NAMESPACE).byEntries();
        assertThat(fleet.figures().hits()).isEqualTo(1);
        assertThat(curve.at(1)).isEqualTo(0.1);
        assertThat(curve.at(2)).as("what the namespace has now").isEqualTo(0.1);
        assertThat(curve.at(3)).isEqualTo(0.7);
        assertThat(usage.curve(NAMESPACE).accesses()).isEqualTo(10);
    }

    @Test
    void whatHostsReadCountsAndWhatIsDeletedDoesNotComeBack() {
        FleetHost host = fleet.host("host-1");
        host.holds("a", "image");
        fleet.registry.execute(
                new Command.FromWorker<>(
                        new TouchRequest(
                                host.sender(),
                                List.of(new TouchRequest.Used(Fleet.name("a"), 3)),
                                List.of(new TouchRequest.Missed(NAMESPACE, 2)))));
        fleet.invalidate("a", null);
        host.holds("a", "image");
        store();

        HitRateCurve curve = usage.curve(NAMESPACE);
        assertThat(curve.accesses()).as("3 hits and 2 misses, which the two puts follow").isEqualTo(5);
        assertThat(curve.byEntries().at(1_000)).as("the put after the deletion is a miss at any size").isEqualTo(0.6);
    }

    @Test
    void anotherEvictionThanForCapacityEndsAKey() {
        read("a", "b", "c");
        fleet.registry.execute(new Command.Clean(NAMESPACE, 10));
        read("a", "b", "c");
        store();

        assertThat(usage.curve(NAMESPACE).byEntries().at(1_000)).as("the first was evicted for capacity before the clean")
                .isCloseTo(1 / 6.0, within(1e-9));
    }

    @Test
    void whatSeveralCoordinatorsStoreIsOneCurveAndOneRate() {
        read("a", "b", "a");
        store();
        try (PostgresRegistry other = DATABASE.open(RegistryRules.DEFAULTS)) {
            read("b", "b");
            other.usage().store(Map.of(NAMESPACE, taken()));

            assertThat(other.usage().curve(NAMESPACE)).isEqualTo(usage.curve(NAMESPACE));
        }
        assertThat(usage.curve(NAMESPACE).byEntries().at(2)).isEqualTo(0.6);
        assertThat(usage.history(NAMESPACE, Instant.EPOCH)).singleElement().satisfies(interval -> {
            assertThat(interval.hits()).isEqualTo(3);
            assertThat(interval.misses()).isEqualTo(2);
            assertThat(interval.entries()).isEqualTo(2);
        });
        assertThat(usage.history(NAMESPACE, Instant.now().plusSeconds(3_600))).isEmpty();
    }

    @Test
    void manySamplesAreFoldedIntoAModelThatSaysWhichKeysToFollow() {
        SampledAccesses.Gathering gathering = new SampledAccesses.Gathering(Sampling.ALL);
        // More than are kept unfolded, and more keys than a model follows.
        for (int key = 0; key < 2 * UseModel.KEYS_MAX; key++) {
            gathering.take(new Access.Used(NAMESPACE, new EntryKey("key-" + key), key + 1, 1, 1, 0, true));
        }
        Map<NamespaceName, Long> thresholds = usage.store(Map.of(NAMESPACE, gathering.taken()));

        assertThat(DATABASE.ask("SELECT count(*) FROM curve_samples")).containsExactly("0");
        assertThat(thresholds).containsKey(NAMESPACE);
        assertThat(usage.curve(NAMESPACE).accesses()).as("with the weight of a second ago").isCloseTo(2 * UseModel.KEYS_MAX, within(10.0));
        assertThat(DATABASE.ask("SELECT threshold FROM curves")).containsExactly(String.valueOf(thresholds.get(NAMESPACE)));
    }

    @Test
    void earlierAccessesWeighHalfAfterAWeek() {
        SampledAccesses.Gathering gathering = new SampledAccesses.Gathering(Sampling.ALL);
        for (int key = 0; key < 2 * UseModel.KEYS_MAX; key++) {
            gathering.take(new Access.Used(NAMESPACE, new EntryKey("key-" + key), key + 1, 1, 1, 0, true));
        }
        usage.store(Map.of(NAMESPACE, gathering.taken()));
        DATABASE.execute("UPDATE curves SET folded_at = folded_at - interval '7 days'");

        assertThat(usage.curve(NAMESPACE).accesses()).isCloseTo(UseModel.KEYS_MAX, within(10.0));
    }

    /** Fills four keys of one size, the first of which costs the most, and uses it again. */
    private static SampledAccesses aDearKeyAndThreeCheapOnes() {
        SampledAccesses.Gathering gathering = new SampledAccesses.Gathering(Sampling.ALL);
        for (int key = 0; key < 4; key++) {
            gathering.take(new Access.Used(NAMESPACE, new EntryKey("key-" + key), key + 1, 1, key == 0 ? 100 : 1, 0, true));
        }
        gathering.take(new Access.Used(NAMESPACE, new EntryKey("key-0"), 5, 1, 100, 0, true));
        return gathering.taken();
    }

    @Test
    void theCurveIsThatOfTheNamespacesPolicy() {
        usage.store(Map.of(NAMESPACE, aDearKeyAndThreeCheapOnes()));
        assertThat(usage.curve(NAMESPACE).byEntries().at(2)).as("under LRU").isZero();

        DATABASE.execute("UPDATE namespaces SET eviction_policy = 'GDSF'");
        assertThat(usage.curve(NAMESPACE).byEntries().at(2)).as("under GDSF, the dear one stays").isEqualTo(0.2);
    }

    @Test
    void samplesWithoutCostsAsAnOlderCoordinatorWritesThemCostOneEach() {
        usage.store(Map.of(NAMESPACE, aDearKeyAndThreeCheapOnes()));
        DATABASE.execute("UPDATE namespaces SET eviction_policy = 'GDSF'; UPDATE curve_samples SET costs = NULL");

        assertThat(usage.curve(NAMESPACE).byEntries().at(2)).isZero();
        assertThat(usage.curve(NAMESPACE).byEntries().at(4)).isEqualTo(0.2);
    }

    @Test
    void costsAreStoredOnlyWhereThereAreOthersThanOne() {
        read("a", "b");
        store();
        assertThat(DATABASE.ask("SELECT costs IS NULL FROM curve_samples")).containsExactly("t");
    }

    @Test
    void anotherPolicyBeginsAnewWithTheSameKeys() {
        SampledAccesses.Gathering gathering = new SampledAccesses.Gathering(Sampling.ALL);
        for (int key = 0; key < 2 * UseModel.KEYS_MAX; key++) {
            gathering.take(new Access.Used(NAMESPACE, new EntryKey("key-" + key), key + 1, 1, 1, 0, true));
        }
        usage.store(Map.of(NAMESPACE, gathering.taken()));
        HitRateCurve before = usage.curve(NAMESPACE);
        DATABASE.execute("UPDATE namespaces SET eviction_policy = 'GDSF'");

        assertThat(usage.curve(NAMESPACE).accesses()).isZero();
        assertThat(usage.curve(NAMESPACE).samplingRate()).isEqualTo(before.samplingRate());
        usage.store(Map.of(NAMESPACE, gathering.taken()));
        assertThat(DATABASE.ask("SELECT get_byte(model, 0) FROM curves")).as("the model of GDSF").containsExactly("2");
        assertThat(usage.curve(NAMESPACE).accesses()).isCloseTo(2 * UseModel.KEYS_MAX, within(10.0));
    }

    @Test
    void aNamespaceThatNobodyUsedHasACurveWithoutPoints() {
        assertThat(usage.curve(NAMESPACE).accesses()).isZero();
        assertThat(usage.curve(NAMESPACE).byEntries().points()).isEmpty();
        assertThat(usage.history(NAMESPACE, Instant.EPOCH)).isEmpty();
    }
}
