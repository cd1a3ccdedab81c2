package dev.spillway.registry;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.GroupName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.model.Written;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Entries keep their content and first writer; some keys are written once. */
public interface WriteOnceContract extends RegistryFixture {
    ContentDigest FIRST = new ContentDigest("1".repeat(64));
    ContentDigest SECOND = new ContentDigest("2".repeat(64));

    private static Fleet artifacts(Registry registry, boolean writeOnce) {
        Fleet fleet = Fleet.withCapacity(registry, 10);
        fleet.change(PolicyChange.toArtifacts(null, writeOnce));
        return fleet;
    }

    private static ReplicaOutcome register(
            FleetHost host,
            String key,
            String snapshot,
            @Nullable ContentDigest content,
            @Nullable String group) {
        EntryName name = Fleet.name(key);
        return host.register(
                new Registration(
                        Fleet.newReplicaId(),
                        name.namespace(),
                        name.key(),
                        new SnapshotId(snapshot),
                        1,
                        Description.NONE,
                        content,
                        group == null ? null : new GroupName(group)))
                .getFirst();
    }

    private static void assertWrittenAlready(ReplicaOutcome outcome, String... named) {
        assertThat(outcome).isInstanceOfSatisfying(ReplicaOutcome.Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(ReplicaOutcome.Reason.WRITTEN_ALREADY);
            assertThat(refused.detail()).contains(named).containsPattern("wrote it at \\d{4}-");
        });
    }

    @Test
    default void aKeyKeepsItsFirstContentAndSaysWhoWroteIt() {
        Fleet fleet = artifacts(empty(), true);
        FleetHost first = fleet.host("host-1");
        FleetHost second = fleet.host("host-2");
        register(first, "a", "fingerprint", FIRST, null);
        long generation = fleet.entry("a").generation();
        assertWrittenAlready(register(second, "a", "fingerprint", SECOND, null), "host host-1", FIRST.value());
        assertWrittenAlready(register(second, "a", "other", FIRST, null), "host host-1", "snapshot fingerprint");
        assertWrittenAlready(register(first, "a", "other", null, null), "host host-1");
        assertThat(fleet.put("a", "other")).isInstanceOfSatisfying(
                Outcomes.Putting.Refused.class,
                refused -> assertThat(refused.reason()).isEqualTo(ReplicaOutcome.Reason.WRITTEN_ALREADY));
        assertThat(fleet.evictions()).isEmpty();
        assertThat(fleet.holders("a")).hasSize(1);
        assertThat(register(second, "a", "fingerprint", FIRST, null)).isInstanceOfSatisfying(
                ReplicaOutcome.Registered.class,
                joined -> assertThat(joined.generation()).isEqualTo(generation));
        assertThat(fleet.entry("a").written()).isEqualTo(new Written(FIRST, first.id, null));
        fleet.invalidate("a", null);
        assertThat(register(second, "a", "fingerprint", SECOND, null)).as("the key is free again")
                .isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(fleet.entry("a").written()).isEqualTo(new Written(SECOND, second.id, null));
    }

    /** A generation is of one content: who copies it from another host gets what the entry names. */
    @Test
    default void anotherContentOfASnapshotReplacesWhereKeysAreWrittenAgain() {
        Fleet fleet = artifacts(empty(), false);
        FleetHost first = fleet.host("host-1");
        FleetHost second = fleet.host("host-2");
        register(first, "a", "fingerprint", FIRST, "result-1");
        long generation = fleet.entry("a").generation();
        assertThat(register(second, "a", "fingerprint", SECOND, null)).isInstanceOfSatisfying(
                ReplicaOutcome.Registered.class,
                replaced -> assertThat(replaced.generation()).isGreaterThan(generation));
        assertThat(fleet.onlyEviction().fact().cause()).isEqualTo(EvictionCause.REPLACED);
        assertThat(fleet.entry("a").written()).isEqualTo(new Written(SECOND, second.id, null));
    }

    @Test
    default void aLaterPutAddsWhatWasNotStatedAndMovesTheEntryToItsGroup() {
        Fleet fleet = artifacts(empty(), true);
        FleetHost host = fleet.host("host-1");
        fleet.put("a", "fingerprint");
        assertThat(fleet.entry("a").written()).isEqualTo(Written.NONE);
        register(host, "a", "fingerprint", FIRST, "result-1");
        assertThat(fleet.entry("a").written()).isEqualTo(new Written(FIRST, host.id, new GroupName("result-1")));
        fleet.put("a", "fingerprint");
        assertThat(fleet.entry("a").written().group()).isEqualTo(new GroupName("result-1"));
        register(fleet.host("host-2"), "a", "fingerprint", null, "result-2");
        assertThat(fleet.entry("a").written()).isEqualTo(new Written(FIRST, host.id, new GroupName("result-2")));
    }

    /** A peer is asked for a copy in this order. */
    @Test
    default void holdersThatCanBeAskedComeFirstWithTheirAddresses() {
        Fleet fleet = artifacts(empty(RegistryFixture.AT_ONCE), false);
        // By their ids alone, the one that cannot be asked would come first.
        List<ReplicaId> ids = Stream.generate(Fleet::newReplicaId).limit(2).sorted().toList();
        ReplicaId unheard = ids.getFirst();
        ReplicaId live = ids.getLast();
        FleetHost away = fleet.host("host-1");
        away.register(unheard, "a", "image-a");
        FleetHost heard = fleet.host("host-2");
        fleet.sweep(10);
        heard.join(heard.joinRequest("10.0.0.2:7080", heard.storeId.value(), false));
        heard.register(live, "a", "image-a");
        assertThat(fleet.entry("a").replicas()).extracting(replica -> List.of(replica.replicaId(), replica.storeId(), replica.address()))
                .containsExactly(List.of(live, heard.storeId, "10.0.0.2:7080"), List.of(unheard, away.storeId, "127.0.0.1:7080"));
    }
}
