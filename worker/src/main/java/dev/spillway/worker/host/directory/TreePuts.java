package dev.spillway.worker.host.directory;

import dev.spillway.api.body.Work;
import dev.spillway.events.Backend;
import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.model.KeptRequest;
import dev.spillway.worker.core.model.KeyedPut;
import dev.spillway.worker.core.model.NotKept;
import dev.spillway.worker.core.model.Offer;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.Step;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.StoreFullException;
import dev.spillway.worker.filesystem.archive.ArchiveLimits;
import dev.spillway.worker.filesystem.archive.ArchiveTrust;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.filesystem.store.OfferedTreeException;
import dev.spillway.worker.filesystem.store.StageMode;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import dev.spillway.worker.filesystem.tree.SourceLeft;
import dev.spillway.worker.filesystem.tree.SourceNotAllowedException;
import dev.spillway.worker.host.HostBusyException;
import dev.spillway.worker.host.HostLoop;
import dev.spillway.worker.host.HostStoppedException;
import dev.spillway.worker.host.HostView;
import dev.spillway.worker.host.KeyedRequests;
import dev.spillway.worker.host.Policies;
import dev.spillway.worker.host.ReplicaIds;
import dev.spillway.worker.host.RequestKey;
import dev.spillway.worker.host.WorkUnderWay;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores directory trees. A tree is staged under a new replica id, published by one rename, recorded in the index as pending, and registered. A crash
 * at any point leaves a whole image with its record, or remains that the next start removes. Blocks; thread-safe.
 */
public final class TreePuts {
    private static final Logger LOG = LoggerFactory.getLogger(TreePuts.class);

    private final HostLoop loop;
    private final ImageStore store;
    private final AllowedSources allowed;
    private final Policies policies;
    private final InstantSource clock;
    private final ReplicaIds ids;
    private final Duration deadline;
    private final Places copying;
    private final Places unpacking;
    private final KeyedRequests keys;
    private final Map<NotKept, Long> notKept = new ConcurrentHashMap<>();
    private final WorkUnderWay work = new WorkUnderWay();

    /** Caps the trees that are staged at the same time. Uploads have a cap of their own, because their senders decide how long they take. */
    public record AtOnce(int copied, int unpacked) {}

    /** The source of a tree. */
    public sealed interface Source {
        record Directory(String path, StageMode mode) implements Source {}

        /**
         * A tar stream, read to its end.
         *
         * @param strict whether it is refused if the image would lack something of it
         */
        record Archive(InputStream stream, boolean strict) implements Source {}

        /** The tar stream of another host's copy, read to its end. Its owners, modes and attributes are trusted. {@link TreeFetches} caps these. */
        record Copy(InputStream stream) implements Source {}

        /**
         * A writer in this process.
         *
         * @param snapshotId returns the snapshot id once the tree is written
         */
        record Written(Writer writer, Supplier<SnapshotId> snapshotId) implements Source {}
    }

    /** Writes a tree. */
    @FunctionalInterface
    public interface Writer {
        /**
         * @param directory a new, empty directory
         * @param room      checks the limits before each write
         */
        void write(Path directory, Room room) throws IOException, InterruptedException;
    }

    /** Room for a tree. */
    @FunctionalInterface
    public interface Room {
        /**
         * @param treeBytes bytes of the tree so far
         * @param moreBytes bytes about to be written
         * @throws IOException if the namespace or the disk has no room for these bytes; the writer must let it through
         */
        void require(long treeBytes, long moreBytes) throws IOException;
    }

    private static final class TooLargeException extends IOException {
        private static final long serialVersionUID = 1;
    }

    /**
     * A tree to store.
     *
     * @param generation generation to add a copy of, or 0 to take the key with a new one
     * @param copied     image that was copied, if known
     */
    public record Put(
            EntryName name,
            Source source,
            Description description,
            long generation,
            Optional<SnapshotId> copied,
            Optional<RequestKey> request) {}

    /** The outcome of a put. */
    public sealed interface Result {
        /**
         * The registry was asked, with this outcome.
         *
         * @param notKept number of entries that lost something, by kind
         * @param sourceLeft remains of the source of a move; empty if nothing is left
         */
        record Settled(Path path, long sizeBytes, Map<NotKept, Long> notKept, Optional<SourceLeft> sourceLeft, PutOutcome outcome)
                implements Result {}

        record UnknownNamespace() implements Result {}

        /** The namespace is for images of another kind. */
        record OtherBackend(Backend backend) implements Result {}

        record TooLarge(long maxBytes) implements Result {}

        /** @param path path of the refused entry, below the root of the tree */
        record TreeRefused(String path, String detail) implements Result {}

        /** @param path path of the unreadable entry, or {@code .} if none was reached */
        record ArchiveMalformed(String path, String detail) implements Result {}

        record SourceRefused(String why) implements Result {}

        record DiskFull(String why) implements Result {}

        record Away(HostView.RegistryUnavailable unavailable) implements Result {}

        /** This host takes nothing new. */
        record Draining() implements Result {}

        /** The key came with another request before. */
        record KeyReused(String key) implements Result {}
    }

    public TreePuts(
            HostLoop loop,
            ImageStore store,
            AllowedSources allowed,
            Policies policies,
            InstantSource clock,
            ReplicaIds ids,
            KeyedRequests keys,
            Duration deadline,
            AtOnce atOnce) {
        this.loop = loop;
        this.store = store;
        this.allowed = allowed;
        this.policies = policies;
        this.clock = clock;
        this.ids = ids;
        this.keys = keys;
        this.deadline = deadline;
        this.copying = new Places("puts-at-once", atOnce.copied());
        this.unpacking = new Places("uploads-at-once", atOnce.unpacked());
    }

    /**
     * Stores a tree. Staging has no deadline; the wait for the registration has.
     *
     * @throws HostBusyException if no place for this put becomes free within the deadline, or the host's queue is full; nothing was stored
     * @throws IOException       if the store cannot be written; nothing was stored
     */
    public Result put(Put put) throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        if (put.request().isEmpty()) {
            return stage(put, null);
        }
        RequestKey request = put.request().get();
        try (var _ = keys.enter(request.key())) {
            return switch (loop.<KeyedPut>call((agent, now) -> new HostAgent.Answered<>(agent.put(request.key()), Step.NOTHING))) {
                case KeyedPut.Begun() -> stage(put, request);
                case KeyedPut.Met(var earlier) -> repeated(earlier, request);
                case KeyedPut.KeyTaken() -> new Result.KeyReused(request.key());
            };
        }
    }

    private Result repeated(KeptRequest.Put earlier, RequestKey request)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        if (!earlier.digest().equals(request.digest().get())) {
            return new Result.KeyReused(request.key());
        }
        return settled(
                earlier.replicaId(),
                earlier.sizeBytes(),
                earlier.notKept() == null ? Map.of() : earlier.notKept(),
                loop.await(earlier, deadline));
    }

    /**
     * Returns the result of a put. If the record of the source's remains cannot be read, the outcome is "unknown", and a repetition may get the
     * answer.
     */
    private Result settled(ReplicaId id, long sizeBytes, Map<NotKept, Long> losses, PutOutcome outcome) throws InterruptedException {
        Path path = store.imagePath(id.value());
        if (!(outcome instanceof PutOutcome.Stored)) {
            return new Result.Settled(path, sizeBytes, losses, Optional.empty(), outcome);
        }
        try {
            Optional<SourceLeft> left = store.sourceLeft(id.toString());
            left.ifPresent(source -> LOG.warn("replica {}: was moved here, and of its source {}", id, source));
            return new Result.Settled(path, sizeBytes, losses, left, outcome);
        } catch (IOException e) {
            LOG.error("{}: is stored, but the record of what is left of its source cannot be read", id, e);
            return new Result.Settled(path, sizeBytes, losses, Optional.empty(), new PutOutcome.Unknown());
        }
    }

    /** Returns why this host keeps no tree at all now, before another host is asked for one; empty if it does. */
    Optional<Result> refused() throws IOException {
        if (loop.view().status().draining()) {
            return Optional.of(new Result.Draining());
        }
        try {
            store.requireRoomFor(0);
            return Optional.empty();
        } catch (StoreFullException e) {
            return Optional.of(new Result.DiskFull(String.valueOf(e.getMessage())));
        }
    }

    private Result stage(Put put, @Nullable RequestKey request)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        // Checked before anything is copied. A registration that is under way when the drain begins is refused by the registry.
        if (loop.view().status().draining()) {
            return new Result.Draining();
        }
        return switch (policies.now(put.name().namespace())) {
            case Policies.PolicyNow.UnknownNamespace() -> new Result.UnknownNamespace();
            case Policies.PolicyNow.Away(var unavailable) -> new Result.Away(unavailable);
            case Policies.PolicyNow.Known known when !known.isOf(Backend.DIRECTORY) -> new Result.OtherBackend(known.policy().backend());
            case Policies.PolicyNow.Known known -> {
                long maxBytes = known.maxBytes();
                ReplicaId id = ids.mint();
                StageOutcome outcome;
                try (var _ = enter(put.source())) {
                    outcome = staged(id, put, maxBytes);
                } catch (SourceNotAllowedException e) {
                    yield new Result.SourceRefused(String.valueOf(e.getMessage()));
                } catch (StoreFullException e) {
                    yield new Result.DiskFull(String.valueOf(e.getMessage()));
                }
                yield switch (outcome) {
                    case StageOutcome.TooLarge(var bound) -> new Result.TooLarge(bound);
                    case StageOutcome.Refused(var reason, var path, var detail) -> reason == RefusalReason.MALFORMED
                            ? new Result.ArchiveMalformed(path, detail)
                            : new Result.TreeRefused(path, detail);
                    case StageOutcome.Staged(var sizeBytes, var figures) -> {
                        countLosses(put.name(), figures.notKept());
                        yield publish(put, id, sizeBytes, figures.notKept(), request);
                    }
                };
            }
        };
    }

    private void countLosses(EntryName name, Map<NotKept, Long> losses) {
        losses.forEach((kind, entries) -> notKept.merge(kind, entries, Long::sum));
        if (!losses.isEmpty()) {
            LOG.info("{}: not everything of its source is kept, entries by kind: {}", name, losses);
        }
    }

    /** Returns the put of a directory that has been under way for the longest time. */
    public Optional<Work> underWay(EntryName name) {
        return work.first(name);
    }

    /** Returns the number of entries that lost something of this kind since the start. */
    public long notKept(NotKept kind) {
        return notKept.getOrDefault(kind, 0L);
    }

    private Places.Place enter(Source source) throws HostBusyException, InterruptedException {
        return switch (source) {
            case Source.Archive _ -> unpacking.enter(deadline);
            case Source.Copy _ -> () -> {};
            case Source.Directory _, Source.Written _ -> copying.enter(deadline);
        };
    }

    private StageOutcome staged(ReplicaId id, Put put, long maxBytes) throws IOException, InterruptedException {
        return switch (put.source()) {
            case Source.Archive(var stream, var strict) ->
                    store.stageArchive(id.toString(), stream, ArchiveLimits.ofBytes(Math.max(1, maxBytes)), ArchiveTrust.CONTENT, strict);
            case Source.Copy(var stream) -> work.run(
                    put.name(),
                    Work.Kind.FETCH,
                    progress -> store.stageArchive(
                            id.toString(),
                            new CountedStream(stream, progress),
                            ArchiveLimits.ofCopy(Math.max(1, maxBytes)),
                            ArchiveTrust.EVERYTHING,
                            false));
            case Source.Written(var writer, var _) -> written(id, writer, maxBytes);
            case Source.Directory(var path, var mode) -> {
                try (SourceDirectory directory = allowed.open(path)) {
                    yield work.run(put.name(), Work.Kind.PUT, progress -> store.stage(id.toString(), directory, mode, maxBytes, progress));
                }
            }
        };
    }

    private StageOutcome written(ReplicaId id, Writer writer, long maxBytes) throws IOException, InterruptedException {
        return store.stageWritten(id.toString(), directory -> {
            try {
                writer.write(directory, (treeBytes, moreBytes) -> {
                    if (treeBytes > maxBytes) {
                        throw new TooLargeException();
                    }
                    store.requireRoomFor(moreBytes);
                });
            } catch (TooLargeException e) {
                throw StagingStopped.tooLarge(maxBytes);
            }
        }, maxBytes);
    }

    private Result publish(Put put, ReplicaId id, long sizeBytes, Map<NotKept, Long> losses, @Nullable RequestKey request)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        if (put.source() instanceof Source.Directory(var _, var mode) && mode == StageMode.MOVE) {
            loop.removals().offeredByMove(id);
        }
        boolean offered = false;
        try {
            KeptRequest.Put kept = request == null ? null
                    : new KeptRequest.Put(
                            request.key(),
                            request.digest().get(),
                            id,
                            sizeBytes,
                            clock.instant(),
                            losses.isEmpty() ? null : losses,
                            null);
            store.publish(id.toString());
            Offer offer = new Offer(
                    id,
                    put.name(),
                    snapshotId(put, id),
                    put.generation(),
                    sizeBytes,
                    loop.described(put.name(), put.generation(), put.description()));
            offered = true;
            return settled(id, sizeBytes, losses, register(offer, kept));
        } catch (HostBusyException e) {
            offered = false;
            throw e;
        } finally {
            if (!offered) {
                withdraw(id);
            }
        }
    }

    private static SnapshotId snapshotId(Put put, ReplicaId id) {
        return put.source() instanceof Source.Written(var _, var written)
                ? written.get()
                : put.copied().orElseGet(() -> new SnapshotId(id.toString()));
    }

    /** Registers a replica and waits. An interrupt makes the outcome unknown, because the registration may have arrived. */
    private PutOutcome register(Offer offer, KeptRequest.@Nullable Put kept) throws HostBusyException, HostStoppedException {
        try {
            return loop.register(offer, kept, deadline);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new PutOutcome.Unknown();
        }
    }

    /** Removes a staged tree: publishes it and removes it like any image, or deletes it from staging if it cannot be published. */
    private void takeAway(ReplicaId id) throws IOException, InterruptedException {
        try {
            store.publish(id.toString());
        } catch (IOException e) {
            LOG.warn("{}: taken away from staging, because it cannot be published: {}", id, e.getMessage());
            try {
                store.discardStaged(id.toString());
            } catch (OfferedTreeException offered) {
                LOG.info("{}: given back: {}, {}", id, offered.getMessage(), store.giveBack(id.toString()));
            }
            loop.removals().ended(id);
            return;
        }
        loop.removals().discard(id);
    }

    /** Ends a put that was staged and not offered. */
    private void withdraw(ReplicaId id) throws IOException, InterruptedException {
        boolean interrupted = Thread.interrupted();
        try {
            takeAway(id);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
