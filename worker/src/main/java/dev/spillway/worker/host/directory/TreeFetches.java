package dev.spillway.worker.host.directory;

import dev.spillway.api.ProblemType;
import dev.spillway.artifacts.SingleFlight;
import dev.spillway.client.http.Outcome;
import dev.spillway.events.EntryName;
import dev.spillway.service.Backoff;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.filesystem.archive.ReceivedStream;
import dev.spillway.worker.host.HostBusyException;
import dev.spillway.worker.host.HostStoppedException;
import dev.spillway.worker.host.HostView;
import dev.spillway.worker.registry.Peers;
import dev.spillway.worker.registry.RegistryClient;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes copies of trees from other hosts. Concurrent callers with the same key share one copy. Blocks; thread-safe. */
public final class TreeFetches {
    /**
     * A generation may be replaced while it is copied, and a host that was just registered as a holder may not know that yet. So the registry is asked
     * once more before a fetch fails.
     */
    private static final int ROUNDS = 2;
    /** Time for which a fetch waits for holders that send the tree to other hosts. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    /** Reads that wait for copies at the same time. More would take the places of all other requests. */
    private static final int WAITING_MAX = 256;
    private static final Backoff BUSY = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(2));
    private static final Logger LOG = LoggerFactory.getLogger(TreeFetches.class);

    private final HostView view;
    private final RegistryClient registry;
    private final Peers peers;
    private final TreePuts puts;
    private final Places places;
    private final Duration deadline;
    private final Places waiting = new Places("reads that wait for other hosts", WAITING_MAX);
    private final SingleFlight<EntryName, Fetched> flights = new SingleFlight<>();
    private final RandomGenerator random = RandomGenerator.getDefault();
    private final LongAdder fetchedEver = new LongAdder();
    private final LongAdder failedEver = new LongAdder();

    /** The outcome of a fetch. */
    public sealed interface Fetched {
        /** This host has a copy of this generation, which was the newest a moment ago. */
        record Here(long generation) implements Fetched {}

        /** The registry has no such entry, or no other host has a copy. */
        record NoHolder() implements Fetched {}

        record UnknownNamespace() implements Fetched {}

        /**
         * No holder sent the tree.
         *
         * @param busy whether a holder sends the tree to so many hosts now that it may be asked again
         */
        record Failed(List<String> failures, boolean busy) implements Fetched {}

        /** This host takes no copy now, or did not keep the one that a holder sent. */
        record NotKept(long generation, TreePuts.Result result) implements Fetched {}

        /** Unknown: the registry cannot be asked. */
        record Away(HostView.RegistryUnavailable unavailable) implements Fetched {}
    }

    /**
     * @param atOnce   cap on the trees that are taken at the same time
     * @param deadline how long a fetch waits for its turn
     */
    public TreeFetches(HostView view, RegistryClient registry, Peers peers, TreePuts puts, int atOnce, Duration deadline) {
        this.places = new Places("fetches-at-once", atOnce);
        this.deadline = deadline;
        this.view = view;
        this.registry = registry;
        this.peers = peers;
        this.puts = puts;
    }

    /** Returns the number of copies that other hosts gave since the start. */
    public long fetched() {
        return fetchedEver.sum();
    }

    /** Returns the number of fetches since the start that ended without a copy, although another host had one. */
    public long failed() {
        return failedEver.sum();
    }

    /** Takes a copy of the newest generation of an entry, unless this host has it. */
    public Fetched fetch(EntryName name) throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        try (var _ = waiting.enter(Duration.ZERO)) {
            return flights.run(name, () -> fetchedAlone(name));
        } catch (IOException | HostBusyException | HostStoppedException | InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("a fetch threw what it does not declare", e);
        }
    }

    private Fetched fetchedAlone(EntryName name)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        Fetched last = new Fetched.NoHolder();
        long begin = System.nanoTime();
        int rounds = 0;
        for (int attempt = 1; rounds < ROUNDS; attempt++) {
            Fetched fetched = attempt(name, rounds == 0, attempt == 1);
            if (fetched instanceof Fetched.Failed(var _, var busy) && busy && System.nanoTime() - begin < PATIENCE.toNanos()) {
                // Hosts that take the tree now are holders later, so the registry is asked again.
                Thread.sleep(BUSY.delay(attempt, random));
                continue;
            }
            last = fetched;
            if (!isWorthAnotherRound(fetched)) {
                break;
            }
            rounds++;
            if (rounds < ROUNDS) {
                Thread.sleep(BUSY.delay(rounds, random));
            }
        }
        if (last instanceof Fetched.Failed || last instanceof Fetched.NotKept) {
            failedEver.increment();
            LOG.info("{}: no copy from another host: {}", name, last);
        }
        return last;
    }

    private static boolean isWorthAnotherRound(Fetched fetched) {
        return fetched instanceof Fetched.Failed
                || fetched instanceof Fetched.NotKept(var _, TreePuts.Result.Settled(var _, var _, var _, var _, PutOutcome.Gone()));
    }

    /**
     * @param spared whether the holder of the oldest copy is not asked if there is another one
     * @param touch  whether the registry counts a use
     */
    private Fetched attempt(EntryName name, boolean spared, boolean touch)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        Optional<HostView.RegistryUnavailable> unavailable = view.status().unavailable();
        if (unavailable.isPresent()) {
            return new Fetched.Away(unavailable.get());
        }
        return switch (registry.entry(name, touch)) {
            case Outcome.Answer<RegistryClient.Entry>(var _, var entry) -> copied(name, entry, spared);
            case Outcome.Refused<RegistryClient.Entry>(var problem) when problem.type() == ProblemType.UNKNOWN_NAMESPACE ->
                    new Fetched.UnknownNamespace();
            case Outcome.Refused<RegistryClient.Entry>(var problem) when problem.type() == ProblemType.UNKNOWN_ENTRY ->
                    new Fetched.NoHolder();
            case Outcome.Refused<RegistryClient.Entry>(var problem) -> away(problem.detail());
            case Outcome.Unreachable<RegistryClient.Entry>(var why) -> away(why);
            case Outcome.Unknown<RegistryClient.Entry>(var why) -> away(why);
        };
    }

    private static Fetched away(String why) {
        return new Fetched.Away(HostView.RegistryUnavailable.away(why));
    }

    private Fetched copied(EntryName name, RegistryClient.Entry entry, boolean spared)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        if (view.served(name).filter(here -> here.generation() >= entry.generation()).isPresent()) {
            return new Fetched.Here(entry.generation());
        }
        if (!peers.mayHave(entry)) {
            return new Fetched.NoHolder();
        }
        Optional<TreePuts.Result> refused = puts.refused();
        if (refused.isPresent()) {
            return new Fetched.NotKept(entry.generation(), refused.get());
        }
        Peers.TreeCopy<Kept> copy;
        try (var _ = places.enter(deadline)) {
            copy = peers.fetchTree(name, entry, spared, tar -> stored(name, entry, tar));
        }
        if (copy.result().isEmpty()) {
            return new Fetched.Failed(copy.failures(), copy.busy());
        }
        TreePuts.Result result = copy.result().get().result();
        if (!(result instanceof TreePuts.Result.Settled(var _, var _, var _, var _, PutOutcome.Stored _))) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while a copy of " + name + " was registered");
            }
            return new Fetched.NotKept(entry.generation(), result);
        }
        fetchedEver.increment();
        return new Fetched.Here(entry.generation());
    }

    /** The end of a copy that arrived, or the failure of this host to keep it. */
    private record Kept(TreePuts.@Nullable Result orNull, @Nullable Exception failure) {
        TreePuts.Result result() throws IOException, HostBusyException, HostStoppedException {
            return switch (failure) {
                case null -> Objects.requireNonNull(orNull);
                case IOException e -> throw e;
                case HostBusyException e -> throw e;
                case HostStoppedException e -> throw e;
                default -> throw new IllegalStateException(failure);
            };
        }
    }

    private Optional<Kept> stored(EntryName name, RegistryClient.Entry entry, InputStream tar) throws IOException, InterruptedException {
        ReceivedStream received = new ReceivedStream(tar);
        try {
            TreePuts.Result result = puts.put(
                    new TreePuts.Put(
                            name,
                            new TreePuts.Source.Copy(received),
                            entry.described(),
                            entry.generation(),
                            Optional.of(entry.snapshotId()),
                            Optional.empty()));
            return result instanceof TreePuts.Result.ArchiveMalformed ? Optional.empty() : Optional.of(new Kept(result, null));
        } catch (IOException e) {
            if (received.failure() != null) {
                throw e;
            }
            return Optional.of(new Kept(null, e));
        } catch (HostBusyException | HostStoppedException e) {
            return Optional.of(new Kept(null, e));
        }
    }
}
