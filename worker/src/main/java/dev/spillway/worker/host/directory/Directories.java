package dev.spillway.worker.host.directory;

import dev.spillway.api.ProblemType;
import dev.spillway.client.http.Outcome;
import dev.spillway.events.Backend;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.worker.core.model.Hold;
import dev.spillway.worker.core.model.HoldAnswer;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.host.HostBusyException;
import dev.spillway.worker.host.HostLoop;
import dev.spillway.worker.host.HostStoppedException;
import dev.spillway.worker.host.HostView;
import dev.spillway.worker.host.Policies;
import dev.spillway.worker.host.ServedReplicas;
import dev.spillway.worker.registry.RegistryClient;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The directory cache of one host, except for its changes: reads and holds. Blocks; safe for use by many threads. */
public final class Directories {
    /** Owner of the holds on copies that are being sent. No token can have this name. */
    private static final String READING = "(reading)";
    /** Hosts to which one copy is sent at once. Others wait until one of these has a copy to give. */
    private static final int SENDS_AT_ONCE = 2;
    /** Time for which a sent copy counts after its last byte. In that time, its receiver becomes a holder. */
    private static final Duration SEND_COUNTS_LONGER = Duration.ofSeconds(1);
    private static final int FETCHES_MAX = 2;
    private static final Duration COMPARE_EVERY = Duration.ofMinutes(1);

    private final HostLoop loop;
    private final HostView view;
    private final ImageStore store;
    private final RegistryClient registry;
    private final Policies policies;
    private final TreeFetches fetches;
    private final InstantSource clock;
    private final Duration archiveHold;
    private final int holdsMax;
    private final LongAdder sentEver = new LongAdder();
    private final Map<ReplicaId, Integer> sends = new ConcurrentHashMap<>();
    /** Time at which a comparison was last asked for because another host found that a copy is not here. */
    private final AtomicReference<Instant> comparedAt = new AtomicReference<>(Instant.EPOCH);

    /** The result of a read. */
    public sealed interface Found {
        /**
         * A copy on this host.
         *
         * @param hold    the granted hold, if one was asked for
         * @param fetched whether it was taken from another host because of this read
         */
        record Served(ReplicaRecord replica, Path path, Optional<Hold> hold, boolean fetched) implements Found {}

        /** This host serves no copy of that key. */
        record Missing() implements Found {}

        record UnknownNamespace() implements Found {}

        /** The namespace is for images of another kind. */
        record OtherBackend(Backend backend) implements Found {}

        /** The copy served here is older than the registry's entry. */
        record Stale(long here, long registered) implements Found {}

        /** No hold was granted: the host has as many as it grants. */
        record TooManyHolds(int max) implements Found {}

        /** Other hosts have copies, and none of them sent one. */
        record NotFetched(List<String> failures) implements Found {}

        /** Other hosts have copies, and this host takes none now, or did not keep the one that it got. */
        record NotKept(long generation, TreePuts.Result result) implements Found {}

        /** Unknown: the registry cannot be asked, or this host serves nothing. */
        record Away(HostView.RegistryUnavailable unavailable) implements Found {}
    }

    /**
     * A read of a key.
     *
     * @param hold  length of the hold; without a hold the path may be gone before the caller uses it
     * @param fresh whether the registry is asked first
     * @param fetch whether a copy is taken from another host if this host has none, or only an older one
     * @param owner name of the client that takes the hold; empty if clients need not authenticate
     */
    public record Read(Optional<Duration> hold, boolean fresh, boolean fetch, Optional<String> owner) {}

    /** A served copy with the time of its last read. */
    public record Listed(ReplicaRecord replica, Instant lastAccessedAt) {}

    /**
     * @param archiveHold length of the hold on a copy that is being sent, which is extended on the way; after a crash the hold runs out
     * @param holdsMax    largest number of holds of readers; holds on copies that are being sent are limited by the number of streams instead
     */
    public Directories(
            HostLoop loop,
            ImageStore store,
            RegistryClient registry,
            Policies policies,
            TreeFetches fetches,
            InstantSource clock,
            Duration archiveHold,
            int holdsMax) {
        this.loop = loop;
        this.view = loop.view();
        this.store = store;
        this.registry = registry;
        this.policies = policies;
        this.fetches = fetches;
        this.clock = clock;
        this.archiveHold = archiveHold;
        this.holdsMax = holdsMax;
    }

    /** Finds the served copy of a key and counts the access. */
    public Found get(EntryName name, Read read) throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        Search search = least -> read.hold().isPresent()
                ? held(name, read.hold().get(), least, holdsMax, read.owner().orElse(null))
                : unheld(name, least);
        return counted(name, findOrFetch(name, read.fresh(), read.fetch(), search));
    }

    private Found findOrFetch(EntryName name, boolean fresh, boolean fetch, Search search)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        Found found = find(name, fresh, search);
        // A copy that was begun for an earlier caller may be older than what this caller asks for, or be evicted again.
        for (int times = 0; fetch && times < FETCHES_MAX && (found instanceof Found.Missing || found instanceof Found.Stale); times++) {
            TreeFetches.Fetched fetched = fetches.fetch(name);
            if (!(fetched instanceof TreeFetches.Fetched.Here)) {
                return unfetched(fetched, found);
            }
            found = find(name, fresh, search);
            if (found instanceof Found.Served served) {
                return new Found.Served(served.replica(), served.path(), served.hold(), true);
            }
        }
        return found;
    }

    private static Found unfetched(TreeFetches.Fetched fetched, Found before) {
        return switch (fetched) {
            case TreeFetches.Fetched.Here _, TreeFetches.Fetched.NoHolder _ -> before;
            case TreeFetches.Fetched.UnknownNamespace() -> new Found.UnknownNamespace();
            case TreeFetches.Fetched.Failed(var failures, var _) -> new Found.NotFetched(failures);
            case TreeFetches.Fetched.NotKept(var generation, var result) -> new Found.NotKept(generation, result);
            case TreeFetches.Fetched.Away(var unavailable) -> new Found.Away(unavailable);
        };
    }

    /** Does the same as {@link #get} without a hold, but never blocks; empty if that is not possible. */
    public Optional<Found.Served> hit(EntryName name) {
        if (!loop.mayServe()) {
            return Optional.empty();
        }
        return view.served(name).map(replica -> {
            loop.uses().hit(name, clock.instant());
            return served(replica, Optional.empty());
        });
    }

    /**
     * Finds what {@link #get} would find, without effects: grants no hold, and counts neither a hit nor a miss.
     *
     * @param held  whether {@link #get} would ask for a hold
     * @param fresh whether the registry is asked first
     */
    public Found look(EntryName name, boolean held, boolean fresh) throws HostBusyException, HostStoppedException, InterruptedException {
        return find(
                name,
                fresh,
                least -> held && view.holds().size() >= holdsMax && view.served(name).isPresent()
                        ? new Found.TooManyHolds(holdsMax)
                        : unheld(name, least));
    }

    /** Finds a copy of at least a generation. */
    private interface Search {
        Found of(long least) throws HostBusyException, HostStoppedException, InterruptedException;
    }

    private Found find(EntryName name, boolean fresh, Search search) throws HostBusyException, HostStoppedException, InterruptedException {
        loop.awaitMayServe();
        if (!fresh) {
            return searched(search, 0);
        }
        Optional<HostView.RegistryUnavailable> unavailable = view.status().unavailable();
        if (unavailable.isPresent()) {
            return new Found.Away(unavailable.get());
        }
        return switch (registry.entry(name, false)) {
            case Outcome.Answer<RegistryClient.Entry>(var _, var entry) -> searched(search, entry.generation());
            case Outcome.Refused<RegistryClient.Entry>(var problem) when problem.type() == ProblemType.UNKNOWN_NAMESPACE ->
                    new Found.UnknownNamespace();
            case Outcome.Refused<RegistryClient.Entry>(var problem) when problem.type() == ProblemType.UNKNOWN_ENTRY -> new Found.Missing();
            case Outcome.Refused<RegistryClient.Entry>(var problem) -> new Found.Away(HostView.RegistryUnavailable.away(problem.detail()));
            case Outcome.Unreachable<RegistryClient.Entry>(var why) -> new Found.Away(HostView.RegistryUnavailable.away(why));
            case Outcome.Unknown<RegistryClient.Entry>(var why) -> new Found.Away(HostView.RegistryUnavailable.away(why));
        };
    }

    /**
     * Searches, and answers {@link Found.Away} instead of a miss while misses are unknown. Checks that before and after the search, because the host
     * may be refused or join meanwhile.
     */
    private Found searched(Search search, long least) throws HostBusyException, HostStoppedException, InterruptedException {
        Optional<HostView.RegistryUnavailable> before = view.missesAreUnknown();
        Found found = search.of(least);
        if (!(found instanceof Found.Missing)) {
            return found;
        }
        return before.or(view::missesAreUnknown).<Found>map(Found.Away::new).orElse(found);
    }

    private Found unheld(EntryName name, long least) throws InterruptedException {
        ReplicaRecord replica = view.served(name).orElse(null);
        if (replica == null) {
            return missing(name);
        }
        return replica.generation() < least ? new Found.Stale(replica.generation(), least) : served(replica, Optional.empty());
    }

    private Found held(EntryName name, Duration length, long least, int max, @Nullable String owner)
            throws HostBusyException, HostStoppedException, InterruptedException {
        return switch (loop.<HoldAnswer>call((agent, now) -> agent.hold(UUID.randomUUID(), name, now.plus(length), least, max, owner))) {
            case HoldAnswer.Granted(var hold, var replica) -> served(replica, Optional.of(hold));
            case HoldAnswer.NotServed() -> missing(name);
            case HoldAnswer.Older(var generation) -> new Found.Stale(generation, least);
            case HoldAnswer.TooMany() -> new Found.TooManyHolds(max);
        };
    }

    private Found.Served served(ReplicaRecord replica, Optional<Hold> hold) {
        return new Found.Served(replica, store.imagePath(replica.image().value()), hold, false);
    }

    private Found missing(EntryName name) throws InterruptedException {
        if (!policies.isKnown(name.namespace())) {
            return new Found.UnknownNamespace();
        }
        return policies.otherBackend(name.namespace(), Backend.DIRECTORY).<Found>map(Found.OtherBackend::new).orElse(new Found.Missing());
    }

    private Found counted(EntryName name, Found found) {
        switch (found) {
            case Found.Served _ -> loop.uses().hit(name, clock.instant());
            case Found.Missing() -> loop.missed(name);
            case Found.UnknownNamespace _, Found.OtherBackend _, Found.Stale _, Found.TooManyHolds _, Found.NotFetched _, Found.NotKept _, Found.Away _ -> {
                // Nothing was read.
            }
        }
        return found;
    }

    /** The result of a read within a namespace. */
    public sealed interface InNamespace<T> {
        record Known<T>(T value) implements InNamespace<T> {}

        record UnknownNamespace<T>() implements InNamespace<T> {}

        /** The namespace is for images of another kind. */
        record OtherBackend<T>(Backend backend) implements InNamespace<T> {}

        /** Unknown: this host serves nothing of the namespace now, although it may hold replicas of it. */
        record Away<T>(HostView.RegistryUnavailable unavailable) implements InNamespace<T> {}
    }

    /**
     * Lists what is served of a namespace, sorted by key.
     *
     * @param prefix prefix of the keys; empty for all
     * @param after  the key before the first; empty for none
     */
    public InNamespace<List<Listed>> list(NamespaceName namespace, String prefix, String after, int limit) throws InterruptedException {
        return read(
                namespace,
                () -> view.served(namespace, prefix, after, limit)
                        .stream()
                        .map(
                                replica -> new Listed(
                                        replica,
                                        loop.uses()
                                                .accessedAt(replica.name())
                                                .filter(replica.lastAccessedAt()::isBefore)
                                                .orElse(replica.lastAccessedAt())))
                        .toList());
    }

    /** Returns the number and the bytes of the served entries of a namespace. */
    public InNamespace<ServedReplicas.Totals> totals(NamespaceName namespace) throws InterruptedException {
        return read(namespace, () -> view.totals(namespace));
    }

    /**
     * Reads a namespace. Answers {@link InNamespace.Away} if nothing of it is served while misses are unknown. Checks that before and after the
     * reading, because the host may be refused or join meanwhile.
     */
    private <T> InNamespace<T> read(NamespaceName namespace, Supplier<T> reading) throws InterruptedException {
        loop.awaitMayServe();
        if (!policies.isKnown(namespace)) {
            return new InNamespace.UnknownNamespace<>();
        }
        Optional<Backend> other = policies.otherBackend(namespace, Backend.DIRECTORY);
        if (other.isPresent()) {
            return new InNamespace.OtherBackend<>(other.get());
        }
        Optional<HostView.RegistryUnavailable> before = view.missesAreUnknown();
        T value = reading.get();
        Optional<HostView.RegistryUnavailable> unavailable = before.or(view::missesAreUnknown);
        return unavailable.isPresent() && (view.membership().suspended() || view.totals(namespace).entries() == 0)
                ? new InNamespace.Away<>(unavailable.get())
                : new InNamespace.Known<>(value);
    }

    /** Moves the end of a hold; empty if there is none. */
    public Optional<Hold> extend(UUID hold, Instant until) throws HostBusyException, HostStoppedException, InterruptedException {
        return loop.call((agent, now) -> agent.extend(hold, until));
    }

    /** Ends a hold, and returns whether it existed. */
    public boolean release(UUID hold) throws HostBusyException, HostStoppedException, InterruptedException {
        return loop.call((agent, now) -> agent.release(hold));
    }

    /**
     * Finds the served copy of a key, counts the access and holds the copy for {@link #reading}.
     *
     * @param fetch whether a copy is taken from another host if this host has none
     */
    public Found getToRead(EntryName name, boolean fetch)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        Search search = least -> held(name, archiveHold, least, Integer.MAX_VALUE, READING);
        return counted(name, findOrFetch(name, false, fetch, search));
    }

    /**
     * Does the same as {@link #getToRead} for another host, which was told that the copy is here. Counts no access: the registry counts it when it
     * names the holders. If the copy is not here, this host soon compares all its copies with the registry, which then forgets this one.
     *
     * @param generation the generation that is asked for; another one is not given
     */
    public Found getToSend(EntryName name, long generation) throws HostBusyException, HostStoppedException, InterruptedException {
        Found found = find(name, false, least -> held(name, archiveHold, generation, Integer.MAX_VALUE, READING));
        if (found instanceof Found.Served served && served.replica().generation() != generation) {
            reading(served).close();
            return new Found.Missing();
        }
        if (found instanceof Found.Missing || found instanceof Found.Stale) {
            Instant now = clock.instant();
            Instant before = comparedAt.get();
            if (before.plus(COMPARE_EVERY).isBefore(now) && comparedAt.compareAndSet(before, now)) {
                loop.reconcileSoon();
            }
        }
        return found;
    }

    /** Keeps a copy whole while it is read. The caller closes it. */
    public HeldImage reading(Found.Served served) {
        return new HeldImage(this, served.hold().orElseThrow().id(), served.replica(), () -> {});
    }

    /**
     * Does the same as {@link #reading}, for a copy that is sent to another host.
     *
     * @throws HostBusyException if the copy is being sent to as many hosts as at once; its hold is released
     */
    public HeldImage sending(Found.Served served) throws HostBusyException {
        ReplicaId copy = served.replica().id();
        Runnable ended = () -> sends.computeIfPresent(copy, (id, count) -> count == 1 ? null : count - 1);
        if (sends.merge(copy, 1, Integer::sum) > SENDS_AT_ONCE) {
            ended.run();
            reading(served).close();
            throw new HostBusyException("this tree is being sent to as many hosts as at once (%d)".formatted(SENDS_AT_ONCE));
        }
        sentEver.increment();
        Executor later = CompletableFuture.delayedExecutor(SEND_COUNTS_LONGER.toNanos(), TimeUnit.NANOSECONDS);
        return new HeldImage(this, served.hold().orElseThrow().id(), served.replica(), () -> later.execute(ended));
    }

    /** Returns the number of copies that were sent to other hosts since the start, complete or not. */
    public long sent() {
        return sentEver.sum();
    }

    public Instant archiveHeldUntil() {
        return clock.instant().plus(archiveHold);
    }

    /** Returns whether a hold with this end is to be extended now. */
    public boolean endsSoon(Instant until) {
        return clock.instant().plus(archiveHold.dividedBy(2)).isAfter(until);
    }

    public void write(ReplicaRecord replica, OutputStream target) throws IOException, InterruptedException {
        store.writeArchive(replica.image().toString(), target);
    }
}
