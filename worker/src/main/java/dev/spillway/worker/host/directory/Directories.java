package dev.spillway.worker.host.directory;

import dev.spillway.api.ProblemType;
import dev.spillway.client.http.Outcome;
import dev.spillway.events.Backend;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
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
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The directory cache of one host, except for its changes: reads and holds. Blocks; safe for use by many threads. */
public final class Directories {
    /** Owner of the holds on copies that are being sent. No token can have this name. */
    private static final String READING = "(reading)";
    private final HostLoop loop;
    private final HostView view;
    private final ImageStore store;
    private final RegistryClient registry;
    private final Policies policies;
    private final InstantSource clock;
    private final Duration archiveHold;
    private final int holdsMax;

    /** The result of a read. */
    public sealed interface Found {
        /** @param hold the granted hold, if one was asked for */
        record Served(ReplicaRecord replica, Path path, Optional<Hold> hold) implements Found {}

        /** This host serves no copy of that key. */
        record Missing() implements Found {}

        record UnknownNamespace() implements Found {}

        /** The namespace is for images of another kind. */
        record OtherBackend(Backend backend) implements Found {}

        /** The copy served here is older than the registry's entry. */
        record Stale(long here, long registered) implements Found {}

        /** No hold was granted: the host has as many as it grants. */
        record TooManyHolds(int max) implements Found {}

        /** Unknown: the registry cannot be asked, or this host serves nothing. */
        record Away(HostView.RegistryUnavailable unavailable) implements Found {}
    }

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
            InstantSource clock,
            Duration archiveHold,
            int holdsMax) {
        this.loop = loop;
        this.view = loop.view();
        this.store = store;
        this.registry = registry;
        this.policies = policies;
        this.clock = clock;
        this.archiveHold = archiveHold;
        this.holdsMax = holdsMax;
    }

    /**
     * Finds the served copy of a key and counts the access.
     *
     * @param holdFor length of the hold; without a hold the path may be gone before the caller uses it
     * @param fresh   whether the registry is asked first
     * @param owner   name of the client that takes the hold; empty if clients need not authenticate
     */
    public Found get(EntryName name, Optional<Duration> holdFor, boolean fresh, Optional<String> owner)
            throws HostBusyException, HostStoppedException, InterruptedException {
        Found found = find(
                name,
                fresh,
                least -> holdFor.isPresent() ? held(name, holdFor.get(), least, holdsMax, owner.orElse(null))
                        : unheld(name, least));
        return counted(name, found);
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
        return new Found.Served(replica, store.imagePath(replica.image().value()), hold);
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
            case Found.UnknownNamespace _, Found.OtherBackend _, Found.Stale _, Found.TooManyHolds _, Found.Away _ -> {
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

    /** Finds the served copy of a key, counts the access and holds the copy for {@link #reading}. */
    public Found getToRead(EntryName name) throws HostBusyException, HostStoppedException, InterruptedException {
        return counted(name, find(name, false, least -> held(name, archiveHold, least, Integer.MAX_VALUE, READING)));
    }

    /** Keeps a copy whole while it is read. The caller closes it. */
    public HeldImage reading(Found.Served served) {
        return new HeldImage(this, served.hold().orElseThrow().id(), served.replica());
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
