package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.postgres.PostgresRegistrySettings.Retention;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.PlanId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.FleetHost;
import dev.spillway.registry.IdempotencyKey;
import dev.spillway.registry.RegistryQueries.ActivityPage;
import dev.spillway.registry.RegistryQueries.Recorded;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.plan.PlanPurpose;
import dev.spillway.registry.trail.ActivityCursor;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static org.assertj.core.api.Assertions.assertThat;

/** Rows are deleted after their retention and not before, and a reader of events always learns of a gap. */
class UpkeepTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Retention NOTHING = new Retention(Duration.ZERO, Duration.ZERO, Duration.ZERO, 2);

    private static PostgresRegistry keeping(Retention retention) {
        return DATABASE.open(RegistryRules.DEFAULTS, settings -> settings.withRetention(retention));
    }

    @Test
    void whatIsOverGoesInChunksAndWhatIsOpenStays() {
        Fleet fleet = Fleet.withCapacity(DATABASE.empty(RegistryRules.DEFAULTS), 20);
        FleetHost host = fleet.host("host-1");
        for (int i = 0; i < 5; i++) {
            ReplicaId replica = host.holds("done-" + i, "image-" + i);
            fleet.invalidate("done-" + i, null);
            host.heartbeat(host.report(replica, Report.Result.DELETED));
        }
        host.holds("open", "image");
        fleet.invalidate("open", null);
        fleet.registry.execute(new Command.FactsPublished(fleet.claimFacts().stream().map(EvictionFact::id).toList()));
        fleet.put("unpublished", "image");
        IdempotencyKey key = new IdempotencyKey("caller", "k", "digest");
        fleet.registry.executeOnce(key, new Command.Invalidate(Fleet.name("unpublished"), null));

        assertThat(keeping(Retention.DEFAULTS).upkeep().run()).isEqualTo(new Upkeep.Removed(0, 0, 0, 0, 0, 0, 0));
        Upkeep.Removed removed = keeping(NOTHING).upkeep().run();
        assertThat(removed).isEqualTo(new Upkeep.Removed(1, removed.activities(), 5, 5, 0, 0, 1));
        assertThat(fleet.evictions()).extracting(eviction -> eviction.fact().key().value()).containsExactly("unpublished", "open");
        assertThat(fleet.registry.queries().openOrders().count()).isOne();
        assertThat(DATABASE.ask("SELECT count(*) FROM replica_ids")).as("recorded ids are for ever").containsExactly("6");
        assertThat(keeping(NOTHING).upkeep().run()).isEqualTo(new Upkeep.Removed(0, 0, 0, 0, 0, 0, 0));
    }

    @Test
    void plansGoInChunksOnceTheyHaveExpired() {
        Fleet fleet = Fleet.withCapacity(DATABASE.empty(RegistryRules.DEFAULTS.withPlans(100, Duration.ofHours(1))), 20);
        for (int i = 0; i < 7; i++) {
            fleet.put("k" + i, "image-" + i);
        }
        PlanPurpose.Prune all = new PlanPurpose.Prune(0L, null, null, null);
        PlanId first = fleet.plan(all).planId();
        PlanId applied = fleet.plan(new PlanPurpose.Prune(4L, null, null, null)).planId();
        DATABASE.pass(Duration.ofMinutes(40));
        fleet.apply(applied);
        PlanId last = fleet.plan(all).planId();
        DATABASE.pass(Duration.ofMinutes(30));
        assertThat(keeping(NOTHING).upkeep().run().plans()).isOne();
        assertThat(fleet.registry.queries().plan(first)).isEmpty();
        assertThat(fleet.victims(first)).isEmpty();
        assertThat(fleet.victims(applied)).as("kept after it was applied").hasSize(3);
        assertThat(fleet.victims(last)).hasSize(4);
    }

    @Test
    void whoResumesBehindTrimmedActivityIsToldOfTheGap() {
        Fleet fleet = Fleet.withCapacity(DATABASE.empty(RegistryRules.DEFAULTS), 20);
        ActivityCursor start = fleet.registry.queries().activity(null, 10).next();
        for (int i = 0; i < 5; i++) {
            fleet.put("k" + i, "image-" + i);
            fleet.invalidate("k" + i, null);
        }
        List<Recorded> read = fleet.registry.queries().activity(start, 10).items();
        assertThat(read).hasSize(5);
        ActivityCursor middle = read.get(2).cursor();
        ActivityCursor last = read.getLast().cursor();
        assertThat(keeping(NOTHING).upkeep().run().activities()).isEqualTo(5);

        assertThat(fleet.registry.queries().activity(start, 10)).isEqualTo(new ActivityPage(List.of(), last, true));
        assertThat(fleet.registry.queries().activity(middle, 10)).isEqualTo(new ActivityPage(List.of(), last, true));
        assertThat(fleet.registry.queries().activity(last, 10).gap()).as("had read everything").isFalse();
    }

    @Test
    void aCursorOfAnotherDatabaseIsOneGap() {
        Fleet fleet = Fleet.withCapacity(DATABASE.empty(RegistryRules.DEFAULTS), 20);
        fleet.evict("a");
        for (ActivityCursor other : List.of(
                new ActivityCursor(fleet.epoch(), 999_999_999_999L),
                new ActivityCursor(fleet.epoch() + 1, 0))) {
            ActivityPage page = fleet.registry.queries().activity(other, 10);
            assertThat(page.gap()).isTrue();
            assertThat(fleet.registry.queries().activity(page.next(), 10)).isEqualTo(new ActivityPage(List.of(), page.next(), false));
            fleet.evict("b");
            assertThat(fleet.registry.queries().activity(page.next(), 10).items()).hasSize(1);
        }
    }
}
