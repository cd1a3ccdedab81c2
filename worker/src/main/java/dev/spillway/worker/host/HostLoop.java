package dev.spillway.worker.host;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.HostIdentity;
import dev.spillway.worker.core.model.HostIndex;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.ImageBackend;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.KeptRequest;
import dev.spillway.worker.core.model.Offer;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.Step;
import dev.spillway.worker.filesystem.FileSystemSpace;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.host.Promises.Promise;
import dev.spillway.worker.trail.HostTrail;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a host's agent. One thread takes the inputs of all others from a bounded queue. It decides all waiting inputs, writes all changes with one
 * sync, shows them to readers, and only then starts the effects.
 *
 * <p>When the index cannot be written, the loop stops for good. The agent then knows more than the disk, and would promise or delete what a restart
 * does not remember. Nothing of that round is carried out, waiting callers are told, and the process should end.
 */
public final class HostLoop implements Removals.Results, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HostLoop.class);
    private static final int DECIDED_AT_ONCE = 1_000;
    private static final int WAITING_MAX = 10_000;
    private static final Duration IDLE_MAX = Duration.ofSeconds(5);

    /** A caller's request to the agent. Runs on the host's thread and must not block. */
    @FunctionalInterface
    public interface Decision<T> {
        HostAgent.Answered<T> decide(HostAgent agent, Instant now);
    }

    private record Found(IndexContents contents, Recovery recovery) {}

    private interface Input {
        void decide(HostAgent agent, Round round);
    }

    /** The changes, effects and answers of one turn of the loop. */
    private record Round(Instant now, List<IndexChange> changes, List<Effect> effects, List<Runnable> answers) {
        void add(Step step) {
            changes.addAll(step.changes());
            effects.addAll(step.effects());
        }
    }

    private final HostIndex index;
    /** The input of the start. It is released afterwards, because it may have a million replicas. */
    private @Nullable Found begin;
    private final HostTimes times;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Consumer<Throwable> onFailure;
    private final HostView view;
    private final Uses uses = new Uses();
    private final BuildTimes buildTimes = new BuildTimes(System::nanoTime);
    private final BlockingQueue<Input> inputs = new ArrayBlockingQueue<>(WAITING_MAX);
    private final PutWaiters waiting = new PutWaiters();
    private final Promises promises = new Promises();
    private final Removals removals;
    private final EffectRunner effects;
    private final RegistryContact contact = new RegistryContact();
    private final FinalUseReport finalReport = new FinalUseReport();
    private final LocalFigures figures;
    private final HostTrail trail;
    private volatile @Nullable Thread thread;
    private volatile boolean stopping;
    private volatile @Nullable Throwable failure;

    /**
     * The parts of a loop.
     *
     * @param contents    contents of the index, as loaded
     * @param found       leftovers on the disk, compared with them
     * @param trail       told of each image that is offered
     * @param onFailure   told once when the loop cannot go on
     */
    public record Parts(
            HostIndex index,
            IndexContents contents,
            Recovery found,
            HostTimes times,
            InstantSource clock,
            RandomGenerator random,
            HostPorts ports,
            ImageStore store,
            ImageBackend artifacts,
            Removals.Unlinking unlinking,
            HostTrail trail,
            Consumer<Throwable> onFailure) {}

    public HostLoop(Parts parts) {
        index = parts.index();
        times = parts.times();
        clock = parts.clock();
        random = parts.random();
        onFailure = parts.onFailure();
        begin = new Found(parts.contents(), parts.found());
        view = new HostView(parts.contents(), parts.found().present());
        trail = parts.trail();
        figures = new LocalFigures(view, parts.store());
        removals =
                new Removals(
                        parts.store(),
                        parts.artifacts(),
                        image -> view.ofImage(image).map(ReplicaRecord::ordered).orElse(false),
                        this,
                        parts.unlinking());
        effects = new EffectRunner(
                parts.ports(),
                removals,
                view,
                waiting,
                promises,
                (message, delivery) -> postResult((agent, round) -> round.add(agent.delivered(round.now(), message, delivery))));
    }

    public HostView view() {
        return view;
    }

    /** Returns the free and total space of the store's file system, as of the last heartbeat; zeros if they are unknown. */
    public FileSystemSpace space() {
        return figures.latestSpace();
    }

    public Uses uses() {
        return uses;
    }

    /** Counts a miss, if this host has the policy of the namespace. */
    public void missed(EntryName name) {
        view.policy(name.namespace()).ifPresent(policy -> {
            uses.missed(name.namespace());
            if (policy.evictionPolicy() == EvictionPolicy.GDSF) {
                buildTimes.missed(name);
            }
        });
    }

    /** Returns the description for a put. Under GDSF, a put of a new generation gets the measured time as a label; a copy gets none. */
    public Description described(EntryName name, long generation, Description description) {
        if (view.policy(name.namespace()).filter(policy -> policy.evictionPolicy() == EvictionPolicy.GDSF).isEmpty()) {
            return description;
        }
        if (generation == 0) {
            return buildTimes.measured(name, description);
        }
        buildTimes.copied(name);
        return description;
    }

    public Removals removals() {
        return removals;
    }

    /** Returns the number of inputs that wait for the host's thread. */
    public int backlog() {
        return inputs.size();
    }

    public long hits() {
        return uses.hits();
    }

    public long misses() {
        return uses.misses();
    }

    /** Returns the failure that stopped the loop; null if there was none. */
    public @Nullable Throwable failure() {
        return failure;
    }

    /** Waits until the registry took or refused this host for the first time since the start, and says whether it did. */
    public boolean awaitRegistryHeard(Duration atMost) throws InterruptedException {
        return contact.awaitHeard(atMost);
    }

    /** Waits until the registry took this host for the first time since the start. */
    public void awaitJoined() throws InterruptedException {
        contact.awaitJoined();
    }

    public boolean mayServe() {
        return contact.mayServe();
    }

    /**
     * Waits until the store is compared with the registry for the first time since the start, or the registry does not answer or refuses the host.
     */
    public void awaitMayServe() throws InterruptedException {
        contact.awaitMayServe();
    }

    /** Starts the agent, and removes what the last process left behind. */
    public void start(HostIdentity identity) {
        Found found = Objects.requireNonNull(begin, "a loop that is started once");
        HostAgent agent = new HostAgent(identity, times, found.contents(), random);
        found.recovery().moved().forEach(removals::offeredByMove);
        found.recovery().leftovers().forEach(removals::discard);
        Thread started = Thread.ofPlatform().name("host-" + identity.hostId()).unstarted(() -> {
            try {
                run(agent);
            } catch (InterruptedException e) {
                LOG.debug("{}: the loop ends: {}", identity.hostId(), e.toString());
            } catch (Throwable e) {
                // Any error is caught here and ends the loop, because the agent may know more than the disk.
                LOG.error("{}: the host stops: {}", identity.hostId(), e.getMessage(), e);
                failure = e;
                onFailure.accept(e);
            } finally {
                stopping = true;
                promises.failAll(Promises.stopped(failure));
                contact.close();
                finalReport.end();
            }
        });
        thread = started;
        started.start();
    }

    // Callers.

    /**
     * Lets the agent decide and returns its answer once that is durable.
     *
     * @throws HostBusyException if the queue is full; nothing was decided
     */
    public <T> T call(Decision<T> decision) throws HostBusyException, HostStoppedException, InterruptedException {
        Promise<T> answer = promises.make();
        enqueue((agent, round) -> {
            HostAgent.Answered<T> answered = decision.decide(agent, round.now());
            round.add(answered.step());
            round.answers().add(() -> promises.keep(answer, answered.value()));
        });
        return answer.await();
    }

    /**
     * Registers an image that is whole and in its place, and waits for the outcome.
     *
     * @throws HostBusyException if the queue is full; the image was not offered
     */
    public PutOutcome register(Offer offer, KeptRequest.@Nullable Put request, Duration atMost)
            throws HostBusyException, HostStoppedException, InterruptedException {
        trail.offered(offer.id());
        Promise<PutOutcome> settled = promises.make();
        enqueue((agent, round) -> {
            waiting.add(offer.id(), settled);
            round.add(agent.offer(round.now(), offer, request));
        });
        return outcome(offer.id(), settled, atMost);
    }

    /**
     * Accepts an artifact, whose content is in its place. It is registered soon, together with others.
     *
     * @throws HostBusyException if the queue is full; the artifact was not accepted
     */
    public void accept(Offer offer) throws HostBusyException, HostStoppedException, InterruptedException {
        trail.offered(offer.id());
        call((agent, now) -> new HostAgent.Answered<>(true, agent.offer(now, offer, null)));
    }

    /** Returns the number of artifacts since the start that were accepted and later refused by the registry. */
    public long refusedArtifacts() {
        return effects.refusedArtifacts();
    }

    /** Tells the agent that an image is damaged or gone. */
    public void lost(ReplicaId image) throws InterruptedException {
        post((agent, round) -> round.add(agent.lost(image)));
    }

    /** Waits for the outcome of an artifact that was accepted earlier; returns at once if it is not pending. */
    public void awaitRegistered(ReplicaId id, Duration atMost) throws HostBusyException, HostStoppedException, InterruptedException {
        Promise<PutOutcome> settled = promises.make();
        enqueue((agent, round) -> {
            if (agent.isPending(id)) {
                waiting.add(id, settled);
            } else {
                round.answers().add(() -> promises.keep(settled, new PutOutcome.Unknown()));
            }
        });
        outcome(id, settled, atMost);
    }

    /** Waits for the outcome of a replica that an earlier request offered. */
    public PutOutcome await(KeptRequest.Put earlier, Duration atMost) throws HostBusyException, HostStoppedException, InterruptedException {
        Promise<PutOutcome> settled = promises.make();
        enqueue((agent, round) -> {
            agent.outcome(earlier)
                    .ifPresentOrElse(
                            known -> round.answers().add(() -> promises.keep(settled, known)),
                            () -> waiting.add(earlier.replicaId(), settled));
        });
        return outcome(earlier.replicaId(), settled, atMost);
    }

    private PutOutcome outcome(ReplicaId id, Promise<PutOutcome> settled, Duration atMost)
            throws HostStoppedException, InterruptedException {
        try {
            return settled.await(atMost);
        } catch (TimeoutException e) {
            // Waits for room in the queue, because "busy" would tell the caller that nothing was offered.
            post((agent, round) -> giveUp(agent, round, id, settled));
            return settled.await();
        }
    }

    /** Ends the wait of one caller, with the outcome "unknown" if the replica stays pending. Other callers may go on waiting. */
    private void giveUp(HostAgent agent, Round round, ReplicaId id, Promise<PutOutcome> settled) {
        if (!waiting.isWaiting(id, settled)) {
            return;
        }
        HostAgent.Answered<Boolean> unknown = agent.giveUp(round.now(), id);
        round.add(unknown.step());
        if (unknown.value()) {
            waiting.leave(id, settled);
            round.answers().add(() -> promises.keep(settled, new PutOutcome.Unknown()));
        }
    }

    // Orders. Each call may wait for room in the queue.

    public void ordered(Order order, OrderPosition read) throws InterruptedException {
        post((agent, round) -> round.add(agent.ordered(round.now(), order, read)));
    }

    public void passedOver(OrderPosition read, @Nullable ReplicaId notUnderstood, String why) throws InterruptedException {
        post((agent, round) -> round.add(agent.passedOver(read, notUnderstood, why)));
    }

    /** Compares with the registry soon, because orders may have been missed. */
    public void reconcileSoon() throws InterruptedException {
        post((agent, round) -> agent.reconcileSoon(round.now()));
    }

    // Outcomes of effects.

    @Override
    public void trashed(ReplicaId id) {
        postResult((agent, round) -> round.add(agent.trashed(id)));
    }

    @Override
    public void unlinked(ReplicaId id, long bytesFreed) {
        postResult((agent, round) -> round.add(agent.unlinked(id, bytesFreed)));
    }

    @Override
    public void failed(ReplicaId id, String why) {
        postResult((agent, round) -> round.add(agent.removalFailed(round.now(), id, why)));
    }

    // The thread.

    private void begin(HostAgent agent) throws IOException {
        Round first = new Round(clock.instant(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        first.add(agent.start(first.now(), Objects.requireNonNull(begin, "found").recovery().present()));
        begin = null;
        end(agent, first);
    }

    private void run(HostAgent agent) throws IOException, InterruptedException {
        begin(agent);
        while (!stopping) {
            List<Input> batch = take(agent.nextTick());
            Round round = new Round(clock.instant(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            boolean leaving = finalReport.isBegun();
            uses.drain(agent, round.now(), leaving).forEach(round::add);
            batch.forEach(input -> input.decide(agent, round));
            if (!agent.nextTick().isAfter(round.now())) {
                figures.describe(agent, round.now());
                round.add(agent.tick(round.now()));
            }
            if (leaving) {
                round.add(agent.tellUses(round.now()));
            }
            end(agent, round);
            if (leaving && (effects.unreachable() != null || !agent.hasUsesToTell())) {
                finalReport.end();
            }
        }
    }

    private List<Input> take(Instant until) throws InterruptedException {
        Duration left =
                Duration.between(clock.instant(), until.isAfter(clock.instant().plus(IDLE_MAX)) ? clock.instant().plus(IDLE_MAX) : until);
        List<Input> batch = new ArrayList<>();
        Input first = left.isPositive() ? inputs.poll(left.toNanos(), TimeUnit.NANOSECONDS) : inputs.poll();
        if (first != null) {
            batch.add(first);
            inputs.drainTo(batch, DECIDED_AT_ONCE - 1);
        }
        return batch;
    }

    private void end(HostAgent agent, Round round) throws IOException {
        if (!round.changes().isEmpty()) {
            index.apply(round.changes());
            view.apply(round.changes());
        }
        HostView.Status status = new HostView.Status(
                agent.isJoined(),
                agent.refusal().orElse(null),
                effects.unreachable(),
                agent.isDraining());
        view.update(status, agent.policies());
        contact.update(status, agent.hasCompared());
        round.answers().forEach(Runnable::run);
        round.effects().forEach(effects::carryOut);
    }

    // The queue.

    private void enqueue(Input input) throws HostBusyException, HostStoppedException {
        if (stopping) {
            throw Promises.stopped(failure);
        }
        if (!inputs.offer(input)) {
            throw new HostBusyException(WAITING_MAX + " inputs wait already");
        }
        if (stopping) {
            promises.failAll(Promises.stopped(failure));
        }
    }

    private void post(Input input) throws InterruptedException {
        while (!stopping && !inputs.offer(input, 1, TimeUnit.SECONDS)) {
            LOG.debug("the host's queue is full");
        }
    }

    private void postResult(Input input) {
        try {
            post(input);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Reports the last reads to the registry, then stops after the round under way. Inputs that still wait are not decided. */
    @Override
    public void close() {
        Thread running = thread;
        if (running != null && !stopping) {
            finalReport.take(this::wake);
        }
        stopping = true;
        if (running != null) {
            wake();
            joinUninterruptibly(running);
        }
        promises.failAll(Promises.stopped(failure));
        removals.close();
    }

    private void wake() {
        if (!inputs.offer((agent, round) -> {})) {
            LOG.debug("the host's queue is full, so its thread is awake");
        }
    }

    /** Waits for the end of the thread, which is near. It ignores interrupts until then, because the thread uses the index. */
    static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
