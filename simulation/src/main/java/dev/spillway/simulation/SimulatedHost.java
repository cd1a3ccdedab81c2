package dev.spillway.simulation;

import dev.spillway.events.HostId;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.HostIdentity;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.Membership;
import dev.spillway.worker.core.model.Offer;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A machine with a disk, which survives crashes, and a process, which does not. The process may crash between any two actions, and its successor
 * finds only what was durable by then. A copied store leads to two machines with one host id.
 */
final class SimulatedHost {
    private static final int READ_EVERY = 20;
    private static final int FAREWELL_MILLIS = 3_000;

    /** The simulated world to which a machine is connected. */
    record World(
            Product product,
            Timeline timeline,
            Faults faults,
            Coordinators coordinators,
            Broker broker,
            Invariants invariants,
            Story story,
            RandomGenerator random) {}

    private final HostId id;
    private final int number;
    private final World world;
    private final Timeline timeline;
    private final Faults faults;
    private final Invariants invariants;
    private final RandomGenerator random;
    private Disk disk;
    private final HostClients clients;
    private Duration clockError = Duration.ZERO;

    private @Nullable HostAgent agent;
    /** Tells whether the last process had reconciled when it crashed. */
    private boolean compared;
    private int life;
    private int partition = -1;
    private Instant tickAt = Instant.MAX;
    private boolean reading;
    private final Deque<Runnable> stalled = new ArrayDeque<>();
    private boolean hangs;
    private boolean cutOff;
    private boolean withoutBroker;
    private boolean full;
    private boolean off;

    /**
     * Creates a machine that is switched off.
     *
     * @param number distinguishes its processes from those of other machines
     */
    SimulatedHost(HostId id, int number, Disk disk, World world) {
        this.id = id;
        this.number = number;
        this.disk = disk;
        this.world = world;
        timeline = world.timeline();
        faults = world.faults();
        invariants = world.invariants();
        random = world.random();
        clients = new HostClients(this, invariants, random);
        world.broker().onRecord(this::readSoon);
    }

    HostId id() {
        return id;
    }

    Disk disk() {
        return disk;
    }

    /** Returns the agent of the process; empty while there is none. */
    Optional<HostAgent> agent() {
        return Optional.ofNullable(agent);
    }

    /** Returns whether its process has reconciled with the registry; for a crashed process, whether it had before. */
    boolean hasCompared() {
        return agent().map(HostAgent::hasCompared).orElse(compared);
    }

    Instant now() {
        return timeline.instant().plus(clockError);
    }

    void tell(String what, Object... details) {
        world.story().tell(toString(), what, details);
    }

    HostClients clients() {
        return clients;
    }

    boolean isFull() {
        return full;
    }

    boolean isUp() {
        return agent != null;
    }

    boolean isWorking() {
        return agent != null && !hangs;
    }

    // The machine.

    void start() {
        if (agent != null || off) {
            return;
        }
        life++;
        partition = -1;
        tickAt = Instant.MAX;
        reading = false;
        tell("starts");
        sweep(disk.images());
        sweep(disk.trash());
        HostIdentity run = new HostIdentity(id, disk.storeId(), "127.0.0.1:" + (7080 + number), new UUID(number, life));
        HostAgent started = new HostAgent(run, HostTimes.DEFAULTS, world.product().loads(disk.load()), random);
        agent = started;
        perform(started.start(now(), Set.copyOf(disk.images().keySet())));
    }

    private void sweep(Map<ReplicaId, SnapshotId> area) {
        Set<ReplicaId> named = disk.index().values().stream().map(ReplicaRecord::image).collect(Collectors.toSet());
        for (ReplicaId image : List.copyOf(area.keySet())) {
            if (!named.contains(image)) {
                remove(image, area);
            }
        }
    }

    /** Stops orderly: writes all access times, reports them if the registry is reachable, and ends the process. */
    void stop() {
        if (isWorking()) {
            tell("stops");
            clients.writeUses();
        }
        if (isWorking()) {
            perform(running().tellUses(now()));
            later(FAREWELL_MILLIS, this::crash);
        }
    }

    void crash() {
        if (agent != null) {
            clients.died();
            compared = agent.hasCompared();
            agent = null;
            hangs = false;
            stalled.clear();
            tell("dies");
        }
    }

    /** Switches the machine off for the rest of the run. */
    void switchOff() {
        crash();
        off = true;
    }

    /** Sets the error of the clock from the next start on. A running process measures elapsed time, so the error does not affect it. */
    void setClock(Duration error) {
        clients.clockChanges();
        clockError = error;
        tell("has its clock wrong by", error);
    }

    /** Pauses the process at any point, which it does not notice. */
    void hang() {
        if (isWorking()) {
            hangs = true;
            tell("hangs");
        }
    }

    void goOn() {
        if (hangs) {
            hangs = false;
            tell("goes on");
            List<Runnable> waiting = List.copyOf(stalled);
            stalled.clear();
            waiting.forEach(Runnable::run);
        }
    }

    void cutOff(boolean fromCoordinators) {
        cutOff = fromCoordinators;
        tell(cutOff ? "is cut off" : "is connected");
    }

    /** Cuts this host off from the broker for the rest of the run. Coordinators and other hosts notice nothing. */
    void loseBroker() {
        withoutBroker = true;
        tell("does not reach the broker any more");
    }

    void fill(boolean toTheLastByte) {
        full = toTheLastByte;
        tell(full ? "is full" : "has room");
    }

    /** Inserts another store, which ends all promises about the old one. */
    void insert(Disk other) {
        crash();
        compared = false;
        disk = other;
        clients.storeChanges();
        invariants.otherDisk(this);
        tell("has another store,", other.storeId());
    }

    // Running the agent.

    void perform(Step step) {
        step.changes().forEach(change -> invariants.acceptedStays(this, change, step.effects()));
        if (!step.changes().isEmpty() && !store(step.changes())) {
            return;
        }
        for (Effect effect : step.effects()) {
            if (agent == null || dies()) {
                return;
            }
            carryOut(effect);
        }
        tickOn();
    }

    /** Writes changes to the index. A failed write ends the process, because it is unknown whether the changes were written. */
    private boolean store(List<IndexChange> changes) {
        boolean fails = full && random.nextInt(10) == 0;
        if (fails && random.nextBoolean()) {
            crash();
            return false;
        }
        OrderPosition before = disk.position();
        world.product().stores(changes).forEach(disk::store);
        invariants.changed(this);
        if (disk.position() != null && !disk.position().equals(before) && disk.position().partition() < world.broker().partitions()) {
            invariants.moved(this, world.broker().orders(disk.position().partition()).read(disk.position().nextOffset() - 1));
        }
        if (fails) {
            crash();
            return false;
        }
        return true;
    }

    private void tickOn() {
        HostAgent running = agent;
        if (running != null && running.nextTick().isBefore(tickAt)) {
            tickAt = running.nextTick();
            Instant due = tickAt;
            later(Math.clamp(Duration.between(now(), due).toMillis(), 0, 3_600_000), () -> tick(due));
        }
    }

    private void tick(Instant due) {
        if (tickAt.equals(due)) {
            tickAt = Instant.MAX;
            perform(running().tick(now()));
        }
    }

    private void carryOut(Effect effect) {
        switch (effect) {
            case Effect.Send send -> send(send.message());
            case Effect.MoveToTrash move -> later(faults.delay(), () -> trash(move.id()));
            case Effect.Unlink unlink -> later(faults.delay(), () -> unlink(unlink.id()));
            case Effect.Publish publish -> {
                if (world.broker().isUp() && !faults.loses()) {
                    world.broker().report(publish.report());
                    if (faults.duplicates()) {
                        world.broker().report(publish.report());
                    }
                }
            }
            case Effect.Settle settle -> {
                tell("answers", settle.id(), settle.outcome());
                invariants.answered(settle.id(), settle.outcome());
                clients.answered(settle.id(), settle.outcome());
            }
            case Effect.Follow follow -> {
                partition = follow.partition();
                readSoon();
            }
        }
    }

    /** Sends further messages of the product. Returns whether it sent anything that its agent does not know. */
    boolean sendBesides(Offer offer) {
        Membership member = disk.membership();
        if (agent == null || member.registryId() == null) {
            return false;
        }
        List<WorkerMessage<?>> besides = world.product()
                .sendsBesides(offer, new Sender(id, disk.storeId(), member.registryId(), member.epoch(), member.incarnation()));
        besides.forEach(this::send);
        return !besides.isEmpty();
    }

    private void send(WorkerMessage<?> message) {
        int current = life;
        world.coordinators()
                .send(
                        world.product().sends(message, running().replicas()),
                        () -> cutOff,
                        delivery -> whenAwake(
                                current,
                                () -> perform(running().delivered(now(), message, world.product().read(message, delivery)))));
    }

    private void trash(ReplicaId image) {
        if (full && random.nextBoolean()) {
            perform(running().removalFailed(now(), image, "no space left on device"));
            return;
        }
        invariants.mayGo(this, image);
        SnapshotId content = disk.images().remove(image);
        if (content != null) {
            disk.trash().put(image, content);
        }
        tell("moves to trash", image);
        if (!dies()) {
            perform(running().trashed(image));
        }
    }

    private void unlink(ReplicaId image) {
        if (faults.happens(0.02)) {
            perform(running().removalFailed(now(), image, "simulated"));
            return;
        }
        remove(image, disk.trash());
        if (!dies()) {
            perform(running().unlinked(image, 1));
        }
    }

    private void remove(ReplicaId image, Map<ReplicaId, SnapshotId> area) {
        invariants.mayGo(this, image);
        area.remove(image);
        tell("unlinks", image);
    }

    HostAgent running() {
        if (agent == null) {
            throw new IllegalStateException(id + " is down");
        }
        return agent;
    }

    boolean dies() {
        if (faults.crashes()) {
            crash();
            return true;
        }
        return false;
    }

    void later(int delayMillis, Runnable action) {
        int current = life;
        timeline.after(delayMillis, () -> whenAwake(current, action));
    }

    /** Runs an action if the process is still the same. A paused process runs it when it resumes. */
    private void whenAwake(int current, Runnable action) {
        if (agent == null || life != current) {
            return;
        }
        if (hangs) {
            stalled.add(() -> whenAwake(current, action));
        } else {
            action.run();
        }
    }

    // Reading orders.

    private void readSoon() {
        if (!reading && agent != null && partition >= 0) {
            reading = true;
            later(READ_EVERY, this::read);
        }
    }

    private void read() {
        reading = false;
        Broker broker = world.broker();
        if (partition < 0 || withoutBroker || !broker.isUp()) {
            return;
        }
        Broker.Log<Order> log = broker.orders(partition);
        OrderPosition position = disk.position();
        int from = log.from(position != null && position.partition() == partition ? position.nextOffset() : 0);
        Order order = log.read(from);
        if (order == null) {
            return;
        }
        OrderPosition next = new OrderPosition(partition, from + 1L);
        if (world.product().movesItsPlaceFirst()) {
            store(List.of(new IndexChange.PutPosition(next)));
        }
        if (agent != null && !dies()) {
            Order read = world.product().obeys(order, running().replicas());
            perform(order.hostId().equals(id) ? running().ordered(now(), read, next) : running().passedOver(next, null, ""));
            readSoon();
        }
    }

    List<String> differences(Set<ReplicaId> live) {
        List<String> found = new ArrayList<>();
        Set<ReplicaId> images = disk.index().values().stream().map(ReplicaRecord::image).collect(Collectors.toSet());
        if (!disk.images().keySet().equals(images)) {
            found.add(this + " holds " + disk.images().keySet() + ", and its index names " + images);
        }
        if (!disk.trash().isEmpty()) {
            found.add(this + " has " + disk.trash().keySet() + " in its trash");
        }
        if (!disk.index().keySet().equals(live)) {
            found.add(this + " has " + disk.index() + " in its index, the registry's live replicas are " + live);
        }
        return found;
    }

    @Override
    public String toString() {
        return id + (number < 100 ? "" : "-copy");
    }
}
