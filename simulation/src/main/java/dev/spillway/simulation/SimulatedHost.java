package dev.spillway.simulation;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.worker.core.Effect;
import dev.spillway.worker.core.Hold;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.HostIdentity;
import dev.spillway.worker.core.HostTimes;
import dev.spillway.worker.core.IndexChange;
import dev.spillway.worker.core.Membership;
import dev.spillway.worker.core.Offer;
import dev.spillway.worker.core.Position;
import dev.spillway.worker.core.ReplicaRecord;
import dev.spillway.worker.core.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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
 * A machine: a disk that survives, and a process that does not. Between any two things that the process does it may die, and what it had made
 * durable by then is all that its successor finds. Two machines with one host id are what a copied store makes.
 */
final class SimulatedHost {
    private static final int PUT_DEADLINE = 10_000;
    private static final int READ_EVERY = 20;

    /** Everything that a machine is connected to. */
    record World(Product product, Timeline timeline, Faults faults, Coordinators coordinators, Broker broker, Invariants invariants,
            Story story, RandomGenerator random) {}

    private final HostId id;
    private final int number;
    private final World world;
    private final Timeline timeline;
    private final Faults faults;
    private final Invariants invariants;
    private final RandomGenerator random;
    private Disk disk;
    private Duration clockError = Duration.ZERO;

    /** What clients were told. They know an image by the name of its directory, whatever it is called in the registry meanwhile. */
    private final Map<UUID, Hold> promises = new LinkedHashMap<>();

    private @Nullable HostAgent agent;
    /** Of the last process, when it died. */
    private boolean compared;
    private int life;
    private int partition = -1;
    private Instant tickAt = Instant.MAX;
    private boolean reading;
    private final Deque<Runnable> stalled = new ArrayDeque<>();
    private boolean hangs;
    private boolean cutOff;
    private boolean full;
    private boolean off;

    /**
     * A machine that is switched off.
     *
     * @param number tells its processes from those of any other machine
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
        world.broker().onRecord(this::readSoon);
    }

    HostId id() {
        return id;
    }

    Disk disk() {
        return disk;
    }

    /** What the process has; absent while there is none. */
    Optional<HostAgent> agent() {
        return Optional.ofNullable(agent);
    }

    /** Whether its process has told the registry what it holds, and heard what of that is known; of a dead one, before it died. */
    boolean hasCompared() {
        return agent().map(HostAgent::hasCompared).orElse(compared);
    }

    private Instant now() {
        return timeline.instant().plus(clockError);
    }

    private void tell(String what, Object... details) {
        world.story().tell(toString(), what, details);
    }

    boolean isHeld(ReplicaId image) {
        return promises.values().stream().anyMatch(hold -> hold.replicaId().equals(image) && hold.until().isAfter(now()));
    }

    boolean isUp() {
        return agent != null;
    }

    private boolean isWorking() {
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

    void crash() {
        if (agent != null) {
            compared = agent.hasCompared();
            agent = null;
            hangs = false;
            stalled.clear();
            tell("dies");
        }
    }

    /** It never starts again. */
    void switchOff() {
        crash();
        off = true;
    }

    /** From the next start on the clock is wrong by this. While it runs, a process measures time by what passes. */
    void setClock(Duration error) {
        // What has run out by the clock so far stays so, wherever the clock goes.
        promises.values().removeIf(hold -> !hold.until().isAfter(now()));
        clockError = error;
        tell("has its clock wrong by", error);
    }

    /** Stops the process where it is, without its knowing. */
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

    void fill(boolean toTheLastByte) {
        full = toTheLastByte;
        tell(full ? "is full" : "has room");
    }

    /** Puts another store in. What was promised of the old one's is void. */
    void insert(Disk other) {
        crash();
        compared = false;
        disk = other;
        promises.clear();
        invariants.otherDisk(this);
        tell("has another store,", other.storeId());
    }

    // What clients do.

    /** Puts an image of its own. */
    void put(EntryName name) {
        ReplicaId replica = ReplicaId.mint(now(), random);
        offer(replica, name, new SnapshotId(replica.toString()), 0);
    }

    /** Offers a copy of what another host has. */
    void attach(EntryName name, SnapshotId copied, long generation) {
        offer(ReplicaId.mint(now(), random), name, copied, generation);
    }

    private void offer(ReplicaId replica, EntryName name, SnapshotId image, long generationToAttach) {
        HostAgent running = agent;
        if (running == null || hangs || full) {
            return;
        }
        disk.images().put(replica, image);
        tell("puts", name, replica, generationToAttach);
        if (dies()) {
            return;
        }
        if (generationToAttach == 0) {
            invariants.offered(this, replica, name);
        }
        Offer offer = new Offer(replica, name, image, generationToAttach, 1 + random.nextInt(100), Description.NONE);
        perform(running.offer(now(), offer));
        if (!sendBesides(offer)) {
            later(PUT_DEADLINE, () -> {
                if (disk.index().containsKey(replica)) {
                    perform(running().giveUp(replica));
                }
            });
        }
    }

    /** Whether this product sent something that its agent does not know of. */
    private boolean sendBesides(Offer offer) {
        Membership member = disk.membership();
        if (agent == null || member.registryId() == null) {
            return false;
        }
        List<WorkerMessage<?>> besides = world.product()
                .sendsBesides(offer, new Sender(id, disk.storeId(), member.registryId(), member.epoch(), member.incarnation()));
        besides.forEach(this::send);
        return !besides.isEmpty();
    }

    void use(EntryName name) {
        if (isWorking() && running().served(name).isPresent()) {
            running().used(name, 1);
        }
    }

    void hold(EntryName name, Duration time) {
        if (isWorking()) {
            HostAgent.Answered<Optional<HostAgent.Granted>> answer =
                    running().hold(new UUID(7, random.nextLong()), name, now().plus(time));
            perform(answer.step());
            if (agent != null) {
                answer.value()
                        .ifPresent(granted -> promises.put(granted.hold().id(),
                                new Hold(granted.hold().id(), granted.replica().image(), granted.hold().until())));
            }
        }
    }

    void release() {
        promises.values().stream().findFirst().ifPresent(hold -> release(hold.id()));
    }

    /** Ends every hold that the worker knows of, those too whose clients have gone. */
    void releaseAll() {
        agent().ifPresent(running -> running.holds().stream().map(Hold::id).toList().forEach(this::release));
    }

    private void release(UUID hold) {
        if (isWorking()) {
            promises.remove(hold);
            perform(running().release(hold).step());
        }
    }

    // Running the agent.

    private void perform(Step step) {
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

    /** What cannot be written ends the process: nobody knows then whether it is there. */
    private boolean store(List<IndexChange> changes) {
        boolean fails = full && random.nextInt(10) == 0;
        if (fails && random.nextBoolean()) {
            crash();
            return false;
        }
        Position before = disk.position();
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
            }
            case Effect.Follow follow -> {
                partition = follow.partition();
                readSoon();
            }
        }
    }

    private void send(WorkerMessage<?> message) {
        int current = life;
        world.coordinators()
                .send(world.product().sends(message, running().replicas()), () -> cutOff,
                        delivery -> whenAwake(current,
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

    private HostAgent running() {
        if (agent == null) {
            throw new IllegalStateException(id + " is down");
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

    private void later(int delayMillis, Runnable action) {
        int current = life;
        timeline.after(delayMillis, () -> whenAwake(current, action));
    }

    /** Does it if this is still the same process; one that hangs does it when it goes on. */
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
        if (partition < 0 || !broker.isUp()) {
            return;
        }
        Broker.Log<Order> log = broker.orders(partition);
        Position position = disk.position();
        int from = log.from(position != null && position.partition() == partition ? position.nextOffset() : 0);
        Order order = log.read(from);
        if (order == null) {
            return;
        }
        Position next = new Position(partition, from + 1L);
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
