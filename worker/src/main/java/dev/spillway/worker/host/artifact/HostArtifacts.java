package dev.spillway.worker.host.artifact;

import dev.spillway.api.ProblemType;
import dev.spillway.api.body.Artifacts.Claimed;
import dev.spillway.api.body.Artifacts.State;
import dev.spillway.artifacts.Artifact;
import dev.spillway.artifacts.ArtifactContent;
import dev.spillway.artifacts.ArtifactFile;
import dev.spillway.artifacts.ArtifactMetrics;
import dev.spillway.artifacts.SingleFlight;
import dev.spillway.client.http.Outcome;
import dev.spillway.events.Backend;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.worker.artifacts.ArtifactImages;
import dev.spillway.worker.artifacts.ReceivedArtifact;
import dev.spillway.worker.core.EarlyAnswers;
import dev.spillway.worker.core.model.ArtifactInfo;
import dev.spillway.worker.core.model.Offer;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.host.HostBusyException;
import dev.spillway.worker.host.HostLoop;
import dev.spillway.worker.host.HostStoppedException;
import dev.spillway.worker.host.HostView;
import dev.spillway.worker.host.Policies;
import dev.spillway.worker.host.ReplicaIds;
import dev.spillway.worker.host.ServedReplicas;
import dev.spillway.worker.host.directory.Directories;
import dev.spillway.worker.registry.Peers;
import dev.spillway.worker.registry.RegistryClient;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The artifact cache of one host. A put is accepted once its replica is durable as pending. Readers of this host get the artifact at once; it is
 * registered soon, together with others. Methods block unless they say otherwise. Thread-safe.
 */
public final class HostArtifacts {
    private static final Logger LOG = LoggerFactory.getLogger(HostArtifacts.class);
    private static final int CONDITIONAL_LOCKS = 64;
    static final String FULL = "artifacts: as many bytes as this host keeps (expected: artifacts-max-bytes not reached)";

    private final HostLoop loop;
    private final HostView view;
    private final ArtifactImages images;
    private final ImageStore store;
    private final Policies policies;
    private final InstantSource clock;
    private final ReplicaIds ids;
    private final Duration deadline;
    private final RegistryClient registry;
    private final Peers peers;
    private final SingleFlight<EntryName, Optional<Found>> fetches = new SingleFlight<>();
    private final Arrivals arrivals;
    private final Claims claims = new Claims();
    private final Lock[] conditional = Stream.generate(ReentrantLock::new).limit(CONDITIONAL_LOCKS).toArray(Lock[]::new);
    private final LongAdder fetchedEver = new LongAdder();

    /** The result of a read. A caller that does not hand the content on closes it. */
    public sealed interface Found extends AutoCloseable {
        @Override
        default void close() {}

        record Served(ArtifactContent content, ArtifactInfo info, Description description, long generation) implements Found {
            private static Served of(ReplicaRecord replica, ArtifactContent content) {
                return new Served(
                        content,
                        Objects.requireNonNull(replica.artifact(), "artifact"),
                        replica.description(),
                        replica.generation());
            }

            @Override
            public void close() {
                if (content instanceof ArtifactFile file) {
                    file.close();
                }
            }
        }

        /** This host has no artifact of that key. */
        record Missing() implements Found {}

        record UnknownNamespace() implements Found {}

        /** The namespace is for images of another kind. */
        record OtherBackend(Backend backend) implements Found {}

        /** Unknown: the registry cannot be asked, or this host serves nothing. */
        record Away(HostView.RegistryUnavailable unavailable) implements Found {}
    }

    /**
     * An artifact to keep.
     *
     * @param generation generation to add a copy of, or 0 to take the key with a new one
     */
    public record Put(
            EntryName name,
            SnapshotId snapshotId,
            ReceivedArtifact content,
            ArtifactInfo info,
            Description description,
            long generation) {}

    /** Condition of a change on the content of its key; empty where there is none. */
    @FunctionalInterface
    public interface Condition extends Predicate<Optional<ContentDigest>> {}

    /** The outcome of a put. */
    public sealed interface Result {
        /** It is kept and readable here. It is registered soon, unless it is evicted before. */
        record Accepted() implements Result {}

        /** The same artifact was here already; the put counts as a use of it. */
        record Existing() implements Result {}

        /** The registry was asked, with this outcome. */
        record Settled(PutOutcome outcome) implements Result {}

        record UnknownNamespace() implements Result {}

        /** The namespace is for images of another kind. */
        record OtherBackend(Backend backend) implements Result {}

        record TooLarge(long maxBytes) implements Result {}

        record DiskFull(String why) implements Result {}

        /** The key does not meet the condition of the put. */
        record ConditionUnmet() implements Result {}

        record Away(HostView.RegistryUnavailable unavailable) implements Result {}

        /** This host takes nothing new. */
        record Draining() implements Result {}
    }

    /** @param deadline how long a put or a deletion waits for a registration */
    public HostArtifacts(
            HostLoop loop,
            ArtifactImages images,
            ImageStore store,
            Policies policies,
            InstantSource clock,
            ReplicaIds ids,
            Duration deadline,
            RegistryClient registry,
            Peers peers) {
        this.loop = loop;
        this.view = loop.view();
        this.images = images;
        this.store = store;
        this.policies = policies;
        this.clock = clock;
        this.ids = ids;
        this.deadline = deadline;
        this.arrivals = new Arrivals(images, store);
        this.registry = registry;
        this.peers = peers;
    }

    /** Returns the number of copies that other hosts gave since the start. */
    public long fetched() {
        return fetchedEver.sum();
    }

    /** Returns the number of puts since the start that were accepted and later refused by the registry. */
    public long refusedPuts() {
        return loop.refusedArtifacts();
    }

    /** Returns the size of the largest artifact that is taken, in bytes. */
    public long maxBytes() {
        return images.maxArtifactBytes();
    }

    /**
     * Receives an artifact that is to be put.
     *
     * @param announced its length, if that is known
     * @throws ArrivalRefusedException if it exceeds a limit of its namespace or of this host
     */
    public ReceivedArtifact receive(NamespaceName namespace, InputStream body, OptionalLong announced) throws IOException {
        long most = view.policy(namespace).map(PolicySet.Entry::maxBytes).orElse(Long.MAX_VALUE);
        return arrivals.receive(body, announced, Math.min(most, images.maxArtifactBytes()));
    }

    /** Finds an artifact that is in memory, and counts the access. Never blocks. */
    public Optional<Found.Served> hit(EntryName name) {
        if (!loop.mayServe()) {
            return Optional.empty();
        }
        return view.artifact(name).flatMap(replica -> images.inMemory(replica.image()).map(content -> {
            used(name);
            return Found.Served.of(replica, content);
        }));
    }

    /**
     * Finds an artifact, and counts the access.
     *
     * @param fetch whether other hosts are asked for an artifact that is not here
     */
    public Found get(EntryName name, boolean fetch) throws IOException, InterruptedException {
        Found found = find(name, fetch, true);
        switch (found) {
            case Found.Served _ -> used(name);
            case Found.Missing() -> missed(name);
            case Found.UnknownNamespace _, Found.OtherBackend _, Found.Away _ -> {
                // Nothing was read.
            }
        }
        return found;
    }

    /**
     * Finds an artifact, and counts nothing on this host.
     *
     * @param fetch whether other hosts are asked for an artifact that is not here
     * @param touch whether the registry counts a use when it is asked for the holders
     */
    public Found find(EntryName name, boolean fetch, boolean touch) throws IOException, InterruptedException {
        Found found = look(name);
        return fetch && found instanceof Found.Missing ? fetched(name, touch) : found;
    }

    /** Takes a copy from another host. If many callers miss the same artifact, one of them asks for it. */
    private Found fetched(EntryName name, boolean touch) throws IOException, InterruptedException {
        while (true) {
            List<Found> own = new ArrayList<>();
            try {
                Optional<Found> shared = fetches.run(name, () -> fetch(name, touch, own));
                if (shared.isPresent()) {
                    return shared.get();
                }
            } catch (IOException | InterruptedException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException("a fetch threw what it does not declare", e);
            }
            Optional<? extends Found> found = own.isEmpty() ? read(name) : Optional.of(own.getFirst());
            if (found.isPresent()) {
                return found.get();
            }
            // The caller that fetched the artifact could not keep it, so this caller fetches it again.
        }
    }

    /**
     * @param own takes a content in a file, which only this caller reads and closes
     * @return the result for all callers; empty if the content is in a file
     */
    private Optional<Found> fetch(EntryName name, boolean touch, List<Found> own) throws IOException, InterruptedException {
        // Another caller may have fetched the artifact since the miss.
        Optional<Found.Served> here = read(name);
        if (here.isPresent()) {
            return shared(here.get(), own);
        }
        Optional<HostView.RegistryUnavailable> unavailable = view.status().unavailable();
        if (unavailable.isPresent()) {
            return Optional.of(new Found.Away(unavailable.get()));
        }
        return switch (registry.entry(name, touch)) {
            case Outcome.Answer<RegistryClient.Entry>(var _, var entry) -> copied(name, entry, own);
            case Outcome.Refused<RegistryClient.Entry>(var problem) when problem.type() == ProblemType.UNKNOWN_NAMESPACE ->
                    Optional.of(new Found.UnknownNamespace());
            case Outcome.Refused<RegistryClient.Entry>(var problem) when problem.type() == ProblemType.UNKNOWN_ENTRY ->
                    Optional.of(new Found.Missing());
            case Outcome.Refused<RegistryClient.Entry>(var problem) -> Optional.of(away(problem.detail()));
            case Outcome.Unreachable<RegistryClient.Entry>(var why) -> Optional.of(away(why));
            case Outcome.Unknown<RegistryClient.Entry>(var why) -> Optional.of(away(why));
        };
    }

    private static Found away(String why) {
        return new Found.Away(HostView.RegistryUnavailable.away(why));
    }

    private static Optional<Found> shared(Found.Served served, List<Found> own) {
        if (served.content() instanceof Artifact) {
            return Optional.of(served);
        }
        own.add(served);
        return Optional.empty();
    }

    /** Takes a copy from another host and serves it, also if it cannot be kept here. */
    private Optional<Found> copied(EntryName name, RegistryClient.Entry entry, List<Found> own) throws IOException, InterruptedException {
        Optional<ReceivedArtifact> copy = peers.fetch(name, entry, (body, announced) -> receive(name.namespace(), body, announced));
        if (copy.isEmpty()) {
            return Optional.of(new Found.Missing());
        }
        fetchedEver.increment();
        try (ReceivedArtifact received = copy.get()) {
            ArtifactInfo info = new ArtifactInfo(received.digest(), entry.group());
            Found.Served served = new Found.Served(received.open(), info, entry.described(), entry.generation());
            try {
                Result kept = put(new Put(name, entry.snapshotId(), received, info, entry.described(), entry.generation()));
                LOG.debug("{}: a copy from another host: {}", name, kept);
            } catch (HostBusyException | HostStoppedException e) {
                LOG.debug("{}: a copy from another host is not kept: {}", name, e.toString());
            }
            return shared(served, own);
        }
    }

    /** Counts a miss of an artifact that {@link #find} did not find, or whose parts are missing. */
    public void missed(EntryName name) {
        images.lookedUp(false);
        loop.missed(name);
    }

    /** Counts an access of an artifact that {@link #find} found. */
    public void used(EntryName name) {
        images.lookedUp(true);
        loop.uses().hit(name, clock.instant());
    }

    /** Finds an artifact on this host, and counts nothing. */
    public Found look(EntryName name) throws IOException, InterruptedException {
        loop.awaitMayServe();
        Optional<HostView.RegistryUnavailable> before = view.missesAreUnknown();
        Optional<Found.Served> served = read(name);
        if (served.isPresent()) {
            return served.get();
        }
        Optional<HostView.RegistryUnavailable> unavailable = before.or(view::missesAreUnknown);
        if (unavailable.isPresent()) {
            return new Found.Away(unavailable.get());
        }
        if (!policies.isKnown(name.namespace())) {
            return new Found.UnknownNamespace();
        }
        return policies.otherBackend(name.namespace(), Backend.ARTIFACT).<Found>map(Found.OtherBackend::new).orElse(new Found.Missing());
    }

    /** Reads the artifact of a key on this host. A damaged content is a miss, and the registry is told that it is lost. */
    private Optional<Found.Served> read(EntryName name) throws IOException, InterruptedException {
        Optional<ReplicaRecord> replica = view.artifact(name);
        if (replica.isEmpty()) {
            return Optional.empty();
        }
        Optional<ArtifactContent> content = images.get(replica.get().image());
        if (content.isEmpty() && view.replica(replica.get().id()).equals(replica)) {
            loop.lost(replica.get().image());
        }
        return content.map(found -> Found.Served.of(replica.get(), found));
    }

    /** Returns whether this host serves an artifact and its content is undamaged. Counts nothing. */
    public boolean isHere(EntryName name) throws IOException, InterruptedException {
        try (Found found = look(name)) {
            return found instanceof Found.Served;
        }
    }

    private boolean isReadable(EntryName name) throws IOException, InterruptedException {
        Optional<Found.Served> served = read(name);
        served.ifPresent(Found::close);
        return served.isPresent();
    }

    /** Returns whether an artifact is here. Its content is not read, so it may be damaged. */
    public boolean holds(EntryName name) {
        return loop.mayServe() && view.artifact(name).filter(replica -> images.has(replica.image())).isPresent();
    }

    /**
     * Notes a use of an artifact, because a result that it is a part of was read. Counts no access.
     *
     * @param group the group that the artifact joins, once the registry knows the artifact
     */
    public void renew(EntryName name, @Nullable GroupName group) {
        loop.uses().renewed(name, clock.instant(), group);
    }

    /**
     * Claims the making of a missing artifact for the caller, unless another process has the claim. A caller that waited gets no claim, because its
     * process may be gone by then; it asks again.
     *
     * @param waitFor how long to wait for the holder of the claim
     * @param heldFor how long the claim lasts unless it is given back
     * @param extended id of the caller's claim, to extend it by {@code heldFor} from now; absent to take a new one
     */
    public Claimed claim(EntryName name, Duration waitFor, Duration heldFor, @Nullable UUID extended)
            throws IOException, HostBusyException, InterruptedException {
        Optional<UUID> own = extended == null ? claims.take(name, waitFor, heldFor) : claims.extend(name, extended, heldFor);
        // Checked with the claim taken, because its last holder may have put the artifact just before.
        if (view.artifact(name).isPresent() && isReadable(name)) {
            own.ifPresent(id -> claims.giveBack(name, id));
            return new Claimed(State.HERE, null);
        }
        return own.map(id -> new Claimed(State.YOURS, id)).orElseGet(() -> new Claimed(State.TAKEN, null));
    }

    /** Ends a claim without the artifact. */
    public void giveBack(EntryName name, UUID claim) {
        claims.giveBack(name, claim);
    }

    /**
     * Keeps an artifact.
     *
     * @throws HostBusyException if the host's queue is full; nothing was kept
     */
    public Result put(Put put) throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        Optional<Result> refused = refused(put.name().namespace(), put.content().size());
        if (refused.isPresent()) {
            return refused.get();
        }
        if (put.generation() == 0) {
            Optional<Result> known = known(put);
            if (known.isPresent()) {
                return known.get();
            }
        }
        Offer offer = new Offer(
                ids.mint(),
                put.name(),
                put.snapshotId(),
                put.generation(),
                put.content().size(),
                loop.described(put.name(), put.generation(), put.description()),
                put.info());
        boolean offered = false;
        try {
            try {
                if (!images.put(offer.id(), put.content())) {
                    return new Result.DiskFull(FULL);
                }
            } catch (IOException e) {
                LOG.warn("{}: not kept", put.name(), e);
                return new Result.DiskFull("disk: cannot be written: " + e.getMessage());
            }
            Result result = offer(offer);
            offered = true;
            claims.made(put.name());
            return result;
        } finally {
            if (!offered) {
                loop.removals().discard(offer.id());
            }
        }
    }

    /**
     * Keeps an artifact if the fleet's content of its key meets a condition. On this host, such puts of one key run one after the other. It does not
     * wait for such puts on other hosts.
     */
    public Result put(Put put, Condition condition) throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        Lock lock = conditional[Math.floorMod(put.name().hashCode(), conditional.length)];
        lock.lockInterruptibly();
        try {
            Optional<Result> unmet = unmet(put.name(), condition);
            return unmet.isPresent() ? unmet.get() : put(put);
        } finally {
            lock.unlock();
        }
    }

    /** Returns why a conditional put is refused, before its body is received; empty if it is not. */
    public Optional<Result> unmet(EntryName name, Condition condition) throws IOException, InterruptedException {
        try (Found found = find(name, true, false)) {
            return switch (found) {
                case Found.Served served when !condition.test(Optional.of(served.info().content())) ->
                        Optional.of(new Result.ConditionUnmet());
                case Found.Missing() when !condition.test(registered(name)) -> Optional.of(new Result.ConditionUnmet());
                case Found.Served _, Found.Missing _ -> Optional.empty();
                case Found.UnknownNamespace() -> Optional.of(new Result.UnknownNamespace());
                case Found.OtherBackend(var backend) -> Optional.of(new Result.OtherBackend(backend));
                case Found.Away(var unavailable) -> Optional.of(new Result.Away(unavailable));
            };
        }
    }

    /** Returns the digest that the registry has for a key. It is asked if no host gives the artifact, because the holders may be down. */
    private Optional<ContentDigest> registered(EntryName name) throws InterruptedException {
        return registry.entry(name, false) instanceof Outcome.Answer<RegistryClient.Entry>(var _, var entry)
                ? Optional.ofNullable(entry.content())
                : Optional.empty();
    }

    /** Returns the answer to a put if the artifact here makes it needless or forbids it; empty if the put has to be kept. */
    private Optional<Result> known(Put put) throws IOException, InterruptedException {
        Optional<ReplicaRecord> here = view.artifact(put.name());
        if (here.isEmpty()) {
            return Optional.empty();
        }
        if (isSame(put, here.get())) {
            boolean stays = here.get().state() == ReplicaState.LIVE && isRegistered(here.get(), put.info().group());
            return stays && isReadable(put.name()) ? Optional.of(new Result.Existing()) : Optional.empty();
        }
        boolean other = here.get().artifact() != null && !put.info().content().equals(here.get().artifact().content());
        return other && view.policy(put.name().namespace()).filter(PolicySet.Entry::writeOnce).isPresent()
                ? Optional.of(
                        new Result.Settled(
                                new PutOutcome.Refused(
                                        ReplicaOutcome.Reason.WRITTEN_ALREADY,
                                        "key: %s has another content on this host (expected: the same, in a namespace whose keys are written once)"
                                                .formatted(put.name().key()))))
                : Optional.empty();
    }

    /**
     * Asks whether the registry still has this copy, in the given group. An order to delete the copy may be on its way, or another host may have
     * named another group. The question counts as a use.
     */
    private boolean isRegistered(ReplicaRecord here, @Nullable GroupName group) throws InterruptedException {
        return view.status().unavailable().isEmpty()
                && registry.entry(here.name(), true) instanceof Outcome.Answer<RegistryClient.Entry>(var _, var entry)
                && entry.generation() == here.generation() && (group == null || group.equals(entry.group()));
    }

    /** Returns why an artifact of this size is refused, before its body is received; empty if it is not. */
    public Optional<Result> refused(NamespaceName namespace, long bytes) throws IOException, InterruptedException {
        // A registration that is under way when the drain begins is refused by the registry.
        if (view.status().draining()) {
            return Optional.of(new Result.Draining());
        }
        return switch (policies.now(namespace)) {
            case Policies.PolicyNow.UnknownNamespace() -> Optional.of(new Result.UnknownNamespace());
            case Policies.PolicyNow.Away(var unavailable) -> Optional.of(new Result.Away(unavailable));
            case Policies.PolicyNow.Known known when !known.isOf(Backend.ARTIFACT) ->
                    Optional.of(new Result.OtherBackend(known.policy().backend()));
            case Policies.PolicyNow.Known known -> {
                long limit = Math.min(known.maxBytes(), images.maxArtifactBytes());
                if (bytes > limit) {
                    yield Optional.of(new Result.TooLarge(limit));
                }
                yield store.hasRoomFor(bytes) ? Optional.empty()
                        : Optional.of(new Result.DiskFull("disk: %d bytes more would not leave min-free-bytes".formatted(bytes)));
            }
        };
    }

    private static boolean isSame(Put put, ReplicaRecord here) {
        return put.generation() == 0 && here.artifact() != null
                && put.info().equals(new ArtifactInfo(here.artifact().content(), here.artifact().group()))
                && put.snapshotId().equals(here.snapshotId())
                && put.description()
                        .withoutLabel(Description.REBUILD_SECONDS)
                        .equals(here.description().withoutLabel(Description.REBUILD_SECONDS));
    }

    /** Offers a replica. Waits for the registry only if the namespace's policy lets it refuse the replica. */
    private Result offer(Offer offer) throws HostBusyException, HostStoppedException, InterruptedException {
        Optional<PolicySet.Entry> policy = view.policy(offer.name().namespace());
        if (EarlyAnswers.mustWait(policy, offer.generation())) {
            PutOutcome outcome = loop.register(offer, null, deadline);
            // The artifact was kept, and evicted before the answer came. That may also happen to a put that does not wait.
            return outcome instanceof PutOutcome.Evicted ? new Result.Accepted() : new Result.Settled(outcome);
        }
        loop.accept(offer);
        return new Result.Accepted();
    }

    /** Waits until the accepted artifact of a key is registered, so that it can be deleted or evicted. */
    public void awaitRegistered(EntryName name) throws HostBusyException, HostStoppedException, InterruptedException {
        Optional<ReplicaRecord> waiting = view.accepted(name);
        if (waiting.isPresent()) {
            loop.awaitRegistered(waiting.get().id(), deadline);
        }
    }

    /** Makes everything that was accepted before this call, in all namespaces, survive a loss of power. Returns the time of the call. */
    public Directories.InNamespace<Instant> flush(NamespaceName namespace) throws IOException, InterruptedException {
        Directories.InNamespace<Instant> flushed = in(namespace, clock::instant);
        if (flushed instanceof Directories.InNamespace.Known) {
            images.flush();
        }
        return flushed;
    }

    /** Lists registered artifacts of a namespace, sorted by key, as {@link Directories#list} does. */
    public Directories.InNamespace<List<Directories.Listed>> list(NamespaceName namespace, String prefix, String after, int limit)
            throws InterruptedException {
        return read(
                namespace,
                () -> view.artifacts(namespace, prefix, after, limit)
                        .stream()
                        .map(
                                replica -> new Directories.Listed(
                                        replica,
                                        loop.uses()
                                                .accessedAt(replica.name())
                                                .filter(replica.lastAccessedAt()::isBefore)
                                                .orElse(replica.lastAccessedAt())))
                        .toList());
    }

    /** Returns the figures of all artifacts of this host since its start. */
    public ArtifactMetrics metrics() {
        return images.metrics();
    }

    /** Returns the number and the bytes of the registered artifacts of a namespace. */
    public Directories.InNamespace<ServedReplicas.Totals> totals(NamespaceName namespace) throws InterruptedException {
        return read(namespace, () -> view.artifactTotals(namespace));
    }

    private <T> Directories.InNamespace<T> read(NamespaceName namespace, Supplier<T> reading) throws InterruptedException {
        loop.awaitMayServe();
        return in(namespace, reading);
    }

    private <T> Directories.InNamespace<T> in(NamespaceName namespace, Supplier<T> reading) throws InterruptedException {
        if (!policies.isKnown(namespace)) {
            return new Directories.InNamespace.UnknownNamespace<>();
        }
        return policies.otherBackend(namespace, Backend.ARTIFACT).<Directories
                .InNamespace<T>>map(Directories.InNamespace.OtherBackend::new)
                .orElseGet(() -> new Directories.InNamespace.Known<>(reading.get()));
    }
}
