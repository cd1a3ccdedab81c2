package dev.spillway.coordinator.postgres;

import dev.spillway.events.PlanId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.FleetHost;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryContract;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.plan.PlanPurpose;
import dev.spillway.registry.plan.PlanRow;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static org.assertj.core.api.Assertions.assertThat;

class PostgresRegistryTest extends RegistryContract {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    @Override
    public Registry empty(RegistryRules rules) {
        return DATABASE.empty(rules);
    }

    @Override
    public Backup backUp(Registry registry) {
        DATABASE.backUp();
        return DATABASE::restore;
    }

    @Override
    public void pass(Duration time) {
        DATABASE.pass(time);
    }

    @Test
    void everythingSurvivesReopening() {
        Fleet before = Fleet.withCapacity(empty(), 2);
        FleetHost host = before.host("host-1");
        before.put("a", "image-a");
        ReplicaId replica = host.holds("b", "image-b");
        before.get("a");
        ReplicaId doomed = host.holds("c", "image-c");
        before.invalidate("c", null);

        Fleet after = new Fleet(DATABASE.open(RegistryRules.DEFAULTS));
        assertThat(after.keys()).containsExactly("a");
        assertThat(after.figures()).isEqualTo(before.figures());
        assertThat(after.evictions()).hasSize(2).isEqualTo(before.evictions());
        FleetHost returned = after.host("host-1");
        assertThat(returned.ordered()).containsExactlyInAnyOrder(replica, doomed);
        assertThat(returned.register(doomed, "c", "image-c")).isInstanceOf(ReplicaOutcome.Registered.class);
        after.put("d", "image-d");
        assertThat(after.evictedByPutting("e")).containsExactly("a");
    }

    @Test
    void aDeletedOrphanIsCountedAndADeletedEntryIsNot() {
        PostgresRegistry registry = (PostgresRegistry) empty(AT_ONCE);
        Fleet fleet = Fleet.withCapacity(registry, 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId evicted = host.holds("a", "image-a");
        fleet.invalidate("a", null);
        DiscrepancyRequest.Orphan orphan = FleetHost.orphan(ReplicaId.mint(Instant.now(), new Random()), "b", 77);
        host.orphans(9, orphan);
        host.orphans(9, orphan);
        assertThat(host.ordered()).containsExactlyInAnyOrder(evicted, orphan.replicaId());
        host.heartbeat(host.report(evicted, Report.Result.DELETED));
        assertThat(registry.figures().orphansDeleted()).isZero();
        host.heartbeat(host.report(orphan.replicaId(), Report.Result.DELETED));
        assertThat(registry.figures().orphansDeleted()).isEqualTo(1);
    }

    /** Two coordinators, two threads each, in steps so small that they meet. */
    @Test
    void manyWhoApplyOnePlanAtOnceActOnce() throws Exception {
        Fleet fleet = Fleet.withCapacity(empty(), 1_000);
        FleetHost host = fleet.host("host-1");
        host.registerMany("k", 60);
        PlanId plan = fleet.plan(new PlanPurpose.Prune(10L, null, null, null)).planId();
        List<Registry> coordinators = List.of(fleet.registry, DATABASE.open(RegistryRules.DEFAULTS));
        CyclicBarrier start = new CyclicBarrier(4);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Long>> applying = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                Registry coordinator = coordinators.get(thread % 2);
                applying.add(threads.submit(() -> {
                    start.await();
                    long evicted = 0;
                    while (true) {
                        var step = (Outcomes.Applying.Step) coordinator.execute(new Command.ApplyPlan(plan, 3));
                        evicted += step.evicted();
                        if (step.finished()) {
                            return evicted;
                        }
                    }
                }));
            }
            long evicted = 0;
            for (Future<Long> one : applying) {
                evicted += one.get();
            }
            assertThat(evicted).isEqualTo(50);
        }
        assertThat(fleet.registry.queries().plan(plan).orElseThrow().applied()).isEqualTo(new PlanRow.Tally(50, 50, 50, 0, 0, 0, 0, null));
        assertThat(fleet.evictions()).hasSize(50);
        assertThat(fleet.keys()).hasSize(10);
    }

    /** A coordinator that was stopped in the middle leaves the rest to whoever applies the plan again. */
    @Test
    void aPlanThatWasBegunIsFinishedByAnotherCoordinator() {
        Fleet before = Fleet.withCapacity(empty(), 100);
        before.host("host-1").registerMany("k", 20);
        PlanId plan = before.plan(new PlanPurpose.Prune(5L, null, null, null)).planId();
        before.registry.execute(new Command.ApplyPlan(plan, 6));
        ((PostgresRegistry) before.registry).close();

        Fleet after = new Fleet(DATABASE.open(RegistryRules.DEFAULTS));
        assertThat(after.keys()).hasSize(14);
        assertThat(after.apply(plan).applied().evicted()).isEqualTo(15);
        assertThat(after.keys()).hasSize(5);
    }
}
