package dev.spillway.simulation;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.model.ArtifactInfo;
import dev.spillway.worker.core.model.Hold;
import dev.spillway.worker.core.model.HoldAnswer;
import dev.spillway.worker.core.model.KeptRequest;
import dev.spillway.worker.core.model.KeyedPut;
import dev.spillway.worker.core.model.Offer;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.ReplicaRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The clients of one machine. They send requests to its process, and remember its promises after it has crashed. */
final class HostClients {
    private static final int PUT_DEADLINE_MILLIS = 10_000;
    private static final int KEYS = 4;
    private static final int CONTENTS = 3;
    private static final int GROUPS = 2;
    private static final Duration ANSWERED_WITHIN = Duration.ofHours(1);
    private static final int HOLDS_MAX = 3;

    private final SimulatedHost host;
    private final Invariants invariants;
    private final RandomGenerator random;
    /** Granted holds. Clients know an image by the name of its directory, whatever its present replica id is. */
    private final Map<UUID, Hold> promises = new LinkedHashMap<>();
    /** Answers to puts with an idempotency key, kept while a repetition must get the same answer. */
    private final Map<String, PutOutcome> answers = new HashMap<>();
    /** Access times that are not in the index yet. */
    private final Map<EntryName, Instant> unwritten = new HashMap<>();

    HostClients(SimulatedHost host, Invariants invariants, RandomGenerator random) {
        this.host = host;
        this.invariants = invariants;
        this.random = random;
    }

    /** Puts an image of the host's own. */
    void put(EntryName name) {
        ReplicaId replica = ReplicaId.mint(host.now(), random);
        offer(replica, name, new SnapshotId(replica.toString()), 0, null);
    }

    /** Puts with an idempotency key. If the key was used before, the put has the same image, and must get the first answer. */
    void putWithKey(EntryName name) {
        String key = name + "-" + random.nextInt(KEYS);
        if (!host.isWorking()) {
            return;
        }
        PutOutcome told = answers.get(key);
        switch (host.running().put(key)) {
            case KeyedPut.Begun() -> {
                invariants.requestIsKnown(host, key, told);
                ReplicaId replica = ReplicaId.mint(host.now(), random);
                offer(
                        replica,
                        name,
                        new SnapshotId(replica.toString()),
                        0,
                        new KeptRequest.Put(key, "digest", replica, 1, host.now(), null, null));
            }
            case KeyedPut.Met(var earlier) -> host.running().outcome(earlier).ifPresent(outcome -> {
                invariants.answeredAgain(host, key, told, outcome);
                answered(earlier.replicaId(), outcome);
            });
            case KeyedPut.KeyTaken() -> {
                // it deletes
            }
        }
    }

    /** Records an outcome. Clients remember final outcomes, unless the clock was set so that their retention is soon over. */
    void answered(ReplicaId replica, PutOutcome outcome) {
        boolean lasting =
                outcome instanceof PutOutcome.Stored || outcome instanceof PutOutcome.Evicted || outcome instanceof PutOutcome.Gone;
        host.disk()
                .requestOf(replica)
                .filter(put -> lasting && put.since().isAfter(host.now().minus(ANSWERED_WITHIN)))
                .ifPresent(put -> answers.put(put.key(), outcome));
    }

    /** Offers a copy of an image of another host. */
    void attach(EntryName name, SnapshotId copied, long generation) {
        offer(ReplicaId.mint(host.now(), random), name, copied, generation, null);
    }

    /** Puts an artifact that other hosts may put with the same content. The put does not wait for its registration. */
    void putArtifact(EntryName name) {
        String content = Integer.toString(random.nextInt(CONTENTS)).repeat(64);
        offer(
                ReplicaId.mint(host.now(), random),
                name,
                new SnapshotId(content),
                0,
                null,
                new ArtifactInfo(new ContentDigest(content), group()));
    }

    private @Nullable GroupName group() {
        int number = random.nextInt(GROUPS + 1);
        return number == GROUPS ? null : new GroupName("group-" + number);
    }

    private void offer(ReplicaId replica, EntryName name, SnapshotId image, long generationToAttach, KeptRequest.@Nullable Put request) {
        offer(replica, name, image, generationToAttach, request, null);
    }

    private void offer(
            ReplicaId replica,
            EntryName name,
            SnapshotId image,
            long generationToAttach,
            KeptRequest.@Nullable Put request,
            @Nullable ArtifactInfo artifact) {
        if (!host.isWorking() || host.isFull()) {
            return;
        }
        host.disk().images().put(replica, image);
        host.tell("puts", name, replica, generationToAttach);
        if (host.dies()) {
            return;
        }
        if (generationToAttach == 0) {
            invariants.offered(host, replica, name);
        }
        Offer offer = new Offer(replica, name, image, generationToAttach, 1 + random.nextInt(100), Description.NONE, artifact);
        host.perform(host.running().offer(host.now(), offer, request));
        if (!host.sendBesides(offer)) {
            host.later(PUT_DEADLINE_MILLIS, () -> {
                if (host.disk().index().containsKey(replica)) {
                    host.perform(host.running().giveUp(host.now(), replica).step());
                }
            });
        }
    }

    void use(EntryName name) {
        ReplicaRecord served = host.isWorking() ? host.running().served(name).orElse(null) : null;
        if (served != null) {
            host.running().used(name, 1, host.now(), served.artifact() == null ? null : group());
            unwritten.put(name, host.now());
            invariants.uses().used(host, name, served.generation());
            if (random.nextBoolean()) {
                writeUses();
            }
        }
    }

    /** Writes access times to the index, which happens at intervals and at an orderly stop. */
    void writeUses() {
        Map<EntryName, Instant> written = Map.copyOf(unwritten);
        unwritten.clear();
        for (Map.Entry<EntryName, Instant> read : new TreeMap<>(written).entrySet()) {
            if (host.isWorking()) {
                host.perform(host.running().accessed(read.getKey(), read.getValue()));
            }
            if (host.isUp()) {
                invariants.uses().written(host, read.getKey());
            }
        }
    }

    /** Records that the process has crashed and lost its memory. */
    void died() {
        unwritten.clear();
        invariants.uses().died(host);
    }

    void hold(EntryName name, Duration time) {
        if (host.isWorking()) {
            HostAgent.Answered<HoldAnswer> answer =
                    host.running().hold(new UUID(7, random.nextLong()), name, host.now().plus(time), 0, HOLDS_MAX, null);
            host.perform(answer.step());
            if (host.isUp() && answer.value() instanceof HoldAnswer.Granted(var hold, var replica)) {
                promises.put(hold.id(), new Hold(hold.id(), replica.image(), hold.until()));
                invariants.holdsAtMost(host, HOLDS_MAX);
            }
        }
    }

    boolean isHeld(ReplicaId image) {
        return promises.values().stream().anyMatch(hold -> hold.replicaId().equals(image) && hold.until().isAfter(host.now()));
    }

    void release() {
        promises.values().stream().findFirst().ifPresent(hold -> release(hold.id()));
    }

    /** Releases every hold of the process, including those of clients that are gone. */
    void releaseAll() {
        host.agent().ifPresent(running -> running.holds().stream().map(Hold::id).toList().forEach(this::release));
    }

    private void release(UUID hold) {
        if (host.isWorking()) {
            promises.remove(hold);
            host.perform(host.running().release(hold).step());
        }
    }

    /** Records a change of the clock. Holds that have expired by the former clock stay expired. */
    void clockChanges() {
        promises.values().removeIf(hold -> !hold.until().isAfter(host.now()));
        // By the new clock their retention may be over.
        answers.clear();
        invariants.uses().forget(host);
    }

    /** Records that another store was inserted, which ends all promises about the old one. */
    void storeChanges() {
        promises.clear();
        answers.clear();
    }
}
