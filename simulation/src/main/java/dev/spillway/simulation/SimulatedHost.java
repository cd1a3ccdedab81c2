package dev.spillway.simulation;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.worker.core.Effect;
import dev.spillway.worker.core.Hold;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.HostIdentity;
import dev.spillway.worker.core.HostTimes;
import dev.spillway.worker.core.IndexChange;
import dev.spillway.worker.core.IndexContents;
import dev.spillway.worker.core.Membership;
import dev.spillway.worker.core.Offer;
import dev.spillway.worker.core.Position;
import dev.spillway.worker.core.ReplicaRecord;
import dev.spillway.worker.core.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A host: a disk that survives, and a process that does not. Between any two things that the process does it may die, and what it had made
 * durable by then is all that its successor finds.
 */
final class SimulatedHost {
    private static final Duration PUT_DEADLINE = Duration.ofSeconds(10);
    private static final Duration READ_EVERY = Duration.ofMillis(20);

    /** The disk. */
    private final Map<ReplicaId, ReplicaRecord> index = new LinkedHashMap<>();
    private final Map<UUID, Hold> holds = new LinkedHashMap<>();
    private Membership membership = Membership.NONE;
    private @Nullable Position position;
    private final Map<ReplicaId, SnapshotId> images = new LinkedHashMap<>();
    private final Map<ReplicaId, SnapshotId> trash = new LinkedHashMap<>();

    /** What clients were told. */
    private final Map<UUID, Hold> promises = new LinkedHashMap<>();

    private final HostIdentity identity;
    private final Timeline timeline;
    private final Faults faults;
    private final Coordinators coordinators;
    private final Broker broker;
    private final Invariants invariants;
    private final Story story;
    private final RandomGenerator random;

    private @Nullable HostAgent agent;
    private int life;
    private int partition = -1;
    private Instant tickAt = Instant.MAX;

    SimulatedHost(int number, Timeline timeline, Faults faults, Coordinators coordinators, Broker broker, Invariants invariants,
            Story story,
            RandomGenerator random) {
        identity = new HostIdentity(new HostId("host-" + number), new StoreId(new UUID(0, number)), "127.0.0.1:" + (7080 + number),
                new UUID(number, 0));
        this.timeline = timeline;
        this.faults = faults;
        this.coordinators = coordinators;
        this.broker = broker;
        this.invariants = invariants;
        this.story = story;
        this.random = random;
    }

    HostId id() {
        return identity.hostId();
    }

    /** Which image each replica's directory really has. */
    Map<ReplicaId, SnapshotId> images() {
        return images;
    }

    Map<ReplicaId, ReplicaRecord> index() {
        return index;
    }

    Optional<ReplicaRecord> served(EntryName name) {
        return agent == null ? Optional.empty() : agent.served(name);
    }

    boolean isHeld(ReplicaId id) {
        return promises.values().stream().anyMatch(hold -> hold.replicaId().equals(id) && hold.until().isAfter(timeline.instant()));
    }

    boolean isUp() {
        return agent != null;
    }

    void start() {
        if (agent != null) {
            return;
        }
        life++;
        partition = -1;
        story.tell(id().toString(), "starts");
        Set<ReplicaId> named = index.values().stream().map(ReplicaRecord::image).collect(Collectors.toSet());
        for (ReplicaId image : List.copyOf(images.keySet())) {
            if (!named.contains(image)) {
                remove(image, images);
            }
        }
        for (ReplicaId image : List.copyOf(trash.keySet())) {
            if (!named.contains(image)) {
                remove(image, trash);
            }
        }
        HostIdentity run = new HostIdentity(identity.hostId(), identity.storeId(), identity.address(),
                new UUID(identity.processId().getMostSignificantBits(), life));
        HostAgent started = new HostAgent(run, HostTimes.DEFAULTS,
                new IndexContents(membership, position, List.copyOf(index.values()), List.copyOf(holds.values()), List.of()), random);
        agent = started;
        perform(started.start(timeline.instant(), Set.copyOf(images.keySet())));
        readOn(life);
    }

    void crash() {
        if (agent != null) {
            agent = null;
            story.tell(id().toString(), "dies");
        }
    }

    // What clients do.

    /** Puts an image of its own. */
    void put(EntryName name) {
        ReplicaId id = ReplicaId.mint(timeline.instant(), random);
        offer(id, name, new SnapshotId(id.toString()), 0);
    }

    /** Offers a copy of what another host has. */
    void attach(EntryName name, SnapshotId copied, long generation) {
        offer(ReplicaId.mint(timeline.instant(), random), name, copied, generation);
    }

    private void offer(ReplicaId id, EntryName name, SnapshotId image, long generationToAttach) {
        HostAgent running = agent;
        if (running == null) {
            return;
        }
        images.put(id, image);
        story.tell(id().toString(), "puts", name, id, generationToAttach);
        if (faults.crashes()) {
            crash();
            return;
        }
        perform(running.offer(timeline.instant(),
                new Offer(id, name, image, generationToAttach, 1 + random.nextInt(100), Description.NONE)));
        later(PUT_DEADLINE, () -> {
            ReplicaRecord replica = index.get(id);
            if (replica != null && agent != null) {
                perform(agent.giveUp(id));
            }
        });
    }

    void use(EntryName name) {
        if (agent != null && agent.served(name).isPresent()) {
            agent.used(name, 1);
        }
    }

    void hold(EntryName name, Duration time) {
        if (agent != null) {
            HostAgent.Answered<Optional<HostAgent.Granted>> answer =
                    agent.hold(new UUID(7, random.nextLong()), name, timeline.instant().plus(time));
            perform(answer.step());
            if (agent != null) {
                answer.value().ifPresent(granted -> promises.put(granted.hold().id(), granted.hold()));
            }
        }
    }

    void release() {
        Hold hold = promises.values().stream().findFirst().orElse(null);
        if (agent != null && hold != null) {
            promises.remove(hold.id());
            perform(agent.release(hold.id()).step());
        }
    }

    // Running the agent.

    private void perform(Step step) {
        if (faults.crashes()) {
            crash();
            return;
        }
        step.changes().forEach(this::store);
        for (Effect effect : step.effects()) {
            if (agent == null || faults.crashes()) {
                crash();
                return;
            }
            carryOut(effect);
        }
        HostAgent running = agent;
        if (running != null && running.nextTick().isBefore(tickAt)) {
            tickAt = running.nextTick();
            Instant due = tickAt;
            timeline.at(due, () -> tick(due));
        }
    }

    private void tick(Instant due) {
        if (!tickAt.equals(due)) {
            return;
        }
        tickAt = Instant.MAX;
        HostAgent running = agent;
        if (running != null) {
            perform(running.tick(timeline.instant()));
        }
    }

    private void store(IndexChange change) {
        switch (change) {
            case IndexChange.PutReplica put -> index.put(put.replica().id(), put.replica());
            case IndexChange.RemoveReplica remove -> index.remove(remove.id());
            case IndexChange.PutHold put -> holds.put(put.hold().id(), put.hold());
            case IndexChange.RemoveHold remove -> holds.remove(remove.id());
            case IndexChange.PutMembership put -> membership = put.membership();
            case IndexChange.PutPosition put -> position = put.position();
            case IndexChange.PutRequest _,IndexChange.RemoveRequest _ ->
                    throw new IllegalStateException("kept by a real host only: " + change);
        }
    }

    private void carryOut(Effect effect) {
        switch (effect) {
            case Effect.Send send -> {
                int current = life;
                coordinators.send(random.nextInt(coordinators.count()), send.message(), delivery -> {
                    HostAgent running = agent;
                    if (running != null && life == current) {
                        perform(running.delivered(timeline.instant(), send.message(), delivery));
                    }
                });
            }
            case Effect.MoveToTrash move -> later(faults.delay(), () -> {
                invariants.mayGo(this, move.id());
                SnapshotId image = images.remove(move.id());
                if (image != null) {
                    trash.put(move.id(), image);
                }
                story.tell(id().toString(), "moves to trash", move.id());
                if (agent != null && !dies()) {
                    perform(agent.trashed(move.id()));
                }
            });
            case Effect.Unlink unlink -> later(faults.delay(), () -> {
                if (faults.happens(0.02)) {
                    perform(running().removalFailed(timeline.instant(), unlink.id(), "simulated"));
                    return;
                }
                remove(unlink.id(), trash);
                if (agent != null && !dies()) {
                    perform(agent.unlinked(unlink.id(), 1));
                }
            });
            case Effect.Publish publish -> {
                if (broker.isUp() && !faults.loses()) {
                    broker.reports().append(publish.report());
                    if (faults.duplicates()) {
                        broker.reports().append(publish.report());
                    }
                }
            }
            case Effect.Settle settle -> {
                story.tell(id().toString(), "answers", settle.id(), settle.outcome());
                invariants.answered(settle.id(), settle.outcome());
            }
            case Effect.Follow follow -> partition = follow.partition();
        }
    }

    private HostAgent running() {
        if (agent == null) {
            throw new IllegalStateException(id() + " is down");
        }
        return agent;
    }

    private boolean dies() {
        if (faults.crashes()) {
            crash();
            return true;
        }
        return false;
    }

    private void remove(ReplicaId id, Map<ReplicaId, SnapshotId> area) {
        invariants.mayGo(this, id);
        area.remove(id);
        story.tell(id().toString(), "unlinks", id);
    }

    private void later(Duration delay, Runnable action) {
        int current = life;
        timeline.after(delay, () -> {
            if (agent != null && life == current) {
                action.run();
            }
        });
    }

    // Reading orders.

    private void readOn(int current) {
        if (agent == null || life != current) {
            return;
        }
        if (partition >= 0 && broker.isUp()) {
            Broker.Log<Order> log = broker.orders(partition);
            int from = log.from(position != null && position.partition() == partition ? position.nextOffset() : 0);
            Order order = log.read(from);
            if (order != null) {
                Position next = new Position(partition, from + 1L);
                perform(order.hostId().equals(id()) ? agent.ordered(timeline.instant(), order, next) : agent.passedOver(next, null, ""));
            }
        }
        timeline.after(broker.isUp() && partition >= 0 && hasMore() ? READ_EVERY : Duration.ofMillis(500), () -> readOn(current));
    }

    private boolean hasMore() {
        return broker.orders(partition).from(position != null && position.partition() == partition ? position.nextOffset() : 0) < broker
                .orders(partition)
                .end();
    }

    List<String> differences(Set<ReplicaId> live) {
        List<String> found = new ArrayList<>();
        if (!images.keySet().equals(live)) {
            found.add(id() + " holds " + images.keySet() + ", the registry's live replicas are " + live);
        }
        if (!trash.isEmpty()) {
            found.add(id() + " has " + trash.keySet() + " in its trash");
        }
        if (!index.keySet().equals(live)) {
            found.add(id() + " has " + index + " in its index, the registry's live replicas are " + live);
        }
        return found;
    }
}
