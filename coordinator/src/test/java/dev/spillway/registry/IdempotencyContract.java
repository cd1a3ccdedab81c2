package dev.spillway.registry;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.PinReason;
import dev.spillway.events.PlanId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.plan.PlanPurpose;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

import static dev.spillway.registry.Fleet.NS;
import static dev.spillway.registry.Fleet.name;
import static dev.spillway.registry.Fleet.ns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A request that is repeated under its idempotency key is carried out once and answered twice. */
public interface IdempotencyContract extends RegistryFixture {
    private static IdempotencyKey key(String key) {
        return new IdempotencyKey("caller", key, "digest-of-" + key);
    }

    private static Command.Put put(String key, String snapshot) {
        return new Command.Put(name(key), new SnapshotId(snapshot), 1, Fleet.labelled("a", "b"));
    }

    @Test
    default void theSameKeyGivesTheFirstAnswerAndChangesNothing() {
        Fleet fleet = Fleet.withCapacity(empty(), 1);
        fleet.put("old", "image-old");
        Outcomes.Putting first = fleet.registry.executeOnce(key("k"), put("a", "image-a"));
        assertThat(first).isInstanceOfSatisfying(
                Outcomes.Putting.Stored.class,
                stored -> assertThat(stored.evicted()).extracting(EvictedEntry::key).containsExactly(name("old").key()));
        fleet.put("b", "image-b");
        assertThat(fleet.registry.executeOnce(key("k"), put("a", "image-a"))).isEqualTo(first);
        assertThat(fleet.keys()).containsExactly("b");
    }

    @Test
    default void theSameKeyWithAnotherRequestIsRefused() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        fleet.registry.executeOnce(key("k"), put("a", "image-a"));
        IdempotencyKey reused = new IdempotencyKey("caller", "k", "another digest");
        assertThatThrownBy(() -> fleet.registry.executeOnce(reused, put("b", "image-b"))).isInstanceOf(KeyReusedException.class)
                .hasMessageContaining("k");
        assertThat(fleet.keys()).containsExactly("a");
    }

    @Test
    default void theSameKeyOfAnotherCallerIsAnotherKey() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        fleet.registry.executeOnce(key("k"), put("a", "image-a"));
        fleet.registry.executeOnce(new IdempotencyKey("somebody else", "k", "digest"), put("b", "image-b"));
        assertThat(fleet.keys()).containsExactly("a", "b");
    }

    @Test
    default void aKeyWhoseCommandFailedIsStillFree() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        Command.Put bad = new Command.Put(name("a"), new SnapshotId("image-a"), -1, Fleet.labelled());
        assertThatThrownBy(() -> fleet.registry.executeOnce(key("k"), bad)).isInstanceOf(InvalidValueException.class);
        assertThat(fleet.registry.executeOnce(key("k"), put("a", "image-a"))).isInstanceOf(Outcomes.Putting.Stored.class);
    }

    /** A refused request changed nothing, and the same request may succeed later. */
    @Test
    default void aRefusedRequestIsCarriedOutWhenItIsSentAgainUnderItsKey() {
        Fleet fleet = new Fleet(empty());
        HostId host = new HostId("host-1");
        List<Command.OfClient<?>> commands =
                List.of(
                        put("a", "image-a"),
                        new Command.Put(name("big"), new SnapshotId("big"), 100, Fleet.labelled()),
                        new Command.SetPin(name("a"), new PinReason("r"), null),
                        new Command.LiftPin(name("a")),
                        new Command.MakePlan(ns(NS), new PlanPurpose.Prune(1L, null, null, null)),
                        new Command.Drain(host),
                        new Command.CancelDrain(host),
                        new Command.Retire(host),
                        new Command.Readmit(host),
                        new Command.Invalidate(name("a"), new SnapshotId("image-a")),
                        new Command.Invalidate(name("big"), null));
        for (int i = 0; i < 2 * commands.size(); i++) {
            int number = i % commands.size();
            assertThat((Object) fleet.registry.executeOnce(key("each-" + number), commands.get(number)))
                    .isInstanceOf(Outcomes.Refusal.class);
        }
        fleet.namespace(NS, 5L);
        fleet.host(host.value());
        for (int number = 0; number < commands.size(); number++) {
            Command.OfClient<?> command = commands.get(number);
            Object carriedOut = fleet.registry.executeOnce(key("each-" + number), command);
            assertThat(carriedOut).as("%s", command).isNotInstanceOf(Outcomes.Refusal.class);
            assertThat((Object) fleet.registry.executeOnce(key("each-" + number), command)).as("%s", command).isEqualTo(carriedOut);
        }
    }

    @Test
    default void whatIsTooLargeOrOfAnotherSnapshotIsCarriedOutUnderItsKeyOnceThatHasChanged() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        fleet.change(PolicyChange.to(null, 10L, null));
        Command.Put large = new Command.Put(name("a"), new SnapshotId("large"), 100, Fleet.labelled());
        Command.Invalidate invalidate = new Command.Invalidate(name("a"), new SnapshotId("large"));
        fleet.put("a", "small");
        assertThat(fleet.registry.executeOnce(key("put"), large)).isInstanceOf(Outcomes.Putting.Refused.class);
        assertThat(fleet.registry.executeOnce(key("delete"), invalidate)).isInstanceOf(Outcomes.Invalidation.Mismatch.class);
        fleet.change(PolicyChange.to(null, 1_000L, null));
        assertThat(fleet.registry.executeOnce(key("put"), large)).isInstanceOf(Outcomes.Putting.Stored.class);
        assertThat(fleet.registry.executeOnce(key("delete"), invalidate)).isInstanceOf(Outcomes.Invalidation.Invalidated.class);
    }

    @Test
    default void theKeyOfARequestThatWasRefusedIsFreeForAnother() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        fleet.put("a", "image-a");
        PlanId plan = fleet.plan(new PlanPurpose.Prune(0L, null, null, null)).planId();
        PlanId unknown = PlanId.parse("00000000-0000-7000-8000-000000000001");
        for (Command.OfClient<?> command : List.of(new Command.ApplyPlan(unknown, 1), new Command.ExtendPlan(unknown))) {
            assertThat((Object) fleet.registry.executeOnce(key("k"), command)).isInstanceOf(Outcomes.Refusal.class);
        }
        assertThat(fleet.registry.executeOnce(key("k"), new Command.ApplyPlan(plan, 1))).isInstanceOf(Outcomes.Applying.Step.class);
    }

    @Test
    default void everyKindOfAnswerIsGivenBackAsItWasAndEveryRefusalMadeAnew() {
        Fleet fleet = Fleet.withCapacity(empty(), 20);
        for (int i = 0; i < 12; i++) {
            fleet.put("k" + i, "image-" + i);
        }
        FleetHost host = fleet.host("host-1");
        host.holds("held", "image-held");
        List<Command.OfClient<?>> commands = List.of(
                new Command.SetPolicy(ns(NS), 20L, 1_000L, 0.5),
                new Command.SetPolicy(ns(NS), 1L, null, null),
                put("k1", "new"),
                new Command.Put(name("big"), new SnapshotId("big"), 1_000_000, Fleet.labelled()),
                new Command.Get(name("k2")),
                new Command.Get(name("nobody")),
                new Command.Invalidate(name("k2"), new SnapshotId("no")),
                new Command.Invalidate(name("k2"), null),
                new Command.Invalidate(name("k2"), null),
                new Command.Readmit(host.id),
                new Command.Retire(host.id),
                new Command.Retire(new HostId("nobody")),
                new Command.SetPin(name("k3"), new PinReason("r"), null),
                new Command.SetPin(name("k3"), new PinReason("r"), Instant.EPOCH),
                new Command.SetPin(name("nobody"), new PinReason("r"), null),
                new Command.LiftPin(name("k3")),
                new Command.MakePlan(ns(NS), new PlanPurpose.Prune(5L, null, Duration.ofDays(1), new EntryKey("k"))),
                new Command.MakePlan(ns("nowhere"), new PlanPurpose.Prune(5L, null, null, null)),
                new Command.ExtendPlan(fleet.plan(new PlanPurpose.Prune(5L, null, null, null)).planId()),
                new Command.ApplyPlan(fleet.plan(new PlanPurpose.Prune(9L, 9L, null, null)).planId(), 1),
                new Command.ApplyPlan(PlanId.parse("00000000-0000-7000-8000-000000000001"), 1),
                new Command.Clean(ns(NS), 3));
        for (int i = 0; i < commands.size(); i++) {
            IdempotencyKey key = key("each-" + i);
            Object first = fleet.registry.executeOnce(key, commands.get(i));
            List<EntryName> entries = entries(fleet);
            Object second = fleet.registry.executeOnce(key, commands.get(i));
            if (first instanceof Outcomes.Refusal) {
                assertThat(second).as("%s", commands.get(i)).hasSameClassAs(first);
            } else {
                assertThat(second).as("%s", commands.get(i)).isEqualTo(first);
            }
            assertThat(entries(fleet)).isEqualTo(entries);
        }
    }

    private static List<EntryName> entries(Fleet fleet) {
        return fleet.keys().stream().map(Fleet::name).toList();
    }
}
