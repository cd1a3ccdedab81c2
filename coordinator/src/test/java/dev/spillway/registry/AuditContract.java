package dev.spillway.registry;

import dev.spillway.events.HostId;
import dev.spillway.events.PinReason;
import dev.spillway.registry.RegistryQueries.Page;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.trail.AuditRecord;
import dev.spillway.registry.trail.AuditRecord.Action;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/** The audit trail of changes besides those of entries. */
public interface AuditContract extends RegistryFixture {
    private static List<AuditRecord> recorded(Fleet fleet, AuditRecord.Filter filter) {
        return fleet.registry.queries().audit(filter, null, 100).items();
    }

    private static void by(Fleet fleet, String client, Command.OfClient<?> command) {
        fleet.registry.execute(new Command.By<>(Actor.client(client), command));
    }

    @Test
    default void everyChangeThatIsMadeIsRecordedWithWhoAskedAndWhatIsNotMadeIsNot() {
        Fleet fleet = Fleet.withCapacity(empty(), 20);
        FleetHost host = fleet.host("host-1");
        for (int number = 0; number < 20; number++) {
            host.holds("key-" + number, "image-" + number);
        }
        by(fleet, "ann", new Command.SetPin(Fleet.name("key-1"), new PinReason("kept"), null));
        by(fleet, "ann", new Command.LiftPin(Fleet.name("key-1")));
        by(fleet, "ann", new Command.LiftPin(Fleet.name("key-1")));
        by(fleet, "bob", new Command.SetPolicy(Fleet.ns(Fleet.NS), 30L, null, null));
        by(fleet, "bob", new Command.SetPolicy(Fleet.ns(Fleet.NS), 1L, null, null));
        PlanRow plan = fleet.registry.queries().plans(null, null, 1).items().getFirst();
        by(fleet, "cid", new Command.ApplyPlan(plan.id(), 5));
        by(fleet, "cid", new Command.ApplyPlan(plan.id(), 5));
        by(fleet, "ann", new Command.Drain(host.id));
        by(fleet, "ann", new Command.Drain(host.id));
        by(fleet, "ann", new Command.CancelDrain(host.id));
        by(fleet, "ann", new Command.Readmit(host.id));
        by(fleet, "ann", new Command.Retire(host.id));
        by(fleet, "ann", new Command.Retire(host.id));
        by(fleet, "bob", new Command.Retire(new HostId("unknown")));

        assertThat(recorded(fleet, new AuditRecord.Filter(null, host.id, null))).extracting(AuditRecord::action)
                .containsExactly(Action.RETIRE_HOST, Action.CANCEL_DRAIN, Action.DRAIN_HOST);
        assertThat(recorded(fleet, new AuditRecord.Filter(null, null, "client:bob"))).extracting(AuditRecord::action, AuditRecord::detail)
                .containsExactly(tuple(Action.MAKE_PLAN, "set maxEntries=1"), tuple(Action.SET_POLICY, "maxEntries=30"));
        assertThat(recorded(fleet, new AuditRecord.Filter(null, null, "client:cid"))).singleElement().satisfies(applied -> {
            assertThat(applied.action()).isEqualTo(Action.APPLY_PLAN);
            assertThat(applied.subject()).isEqualTo(AuditRecord.Subject.of(plan));
        });
        assertThat(recorded(fleet, new AuditRecord.Filter(Fleet.ns(Fleet.NS), null, "client:ann")))
                .extracting(AuditRecord::action, AuditRecord::subject, AuditRecord::detail)
                .containsExactly(
                        tuple(Action.UNPIN, AuditRecord.Subject.of(Fleet.name("key-1")), ""),
                        tuple(Action.PIN, AuditRecord.Subject.of(Fleet.name("key-1")), "kept"));
    }

    @Test
    default void theTrailIsReadPageByPage() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        for (long most = 10; most < 15; most++) {
            by(fleet, "ann", new Command.SetPolicy(Fleet.ns(Fleet.NS), most, null, null));
        }
        AuditRecord.Filter ann = new AuditRecord.Filter(null, null, "client:ann");
        Page<AuditRecord> first = fleet.registry.queries().audit(ann, null, 3);
        assertThat(first.items()).extracting(AuditRecord::detail).containsExactly("maxEntries=14", "maxEntries=13", "maxEntries=12");
        Page<AuditRecord> second = fleet.registry.queries().audit(ann, first.next(), 3);
        assertThat(second.items()).extracting(AuditRecord::detail).containsExactly("maxEntries=11", "maxEntries=10");
        assertThat(second.next()).isNull();
    }
}
