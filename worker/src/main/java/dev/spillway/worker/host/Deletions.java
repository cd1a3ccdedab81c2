package dev.spillway.worker.host;

import dev.spillway.api.Problem;
import dev.spillway.client.http.Outcome;
import dev.spillway.events.EntryName;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.IndexChange;
import dev.spillway.worker.core.KeptRequest;
import dev.spillway.worker.core.Step;
import dev.spillway.worker.registry.RegistryClient;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Evicts entries from the whole fleet in a caller's name. A deletion with an idempotency key is durable before the registry is asked. So its key
 * serves no other request, even after a crash. The registry gets the key, too, so a repetition never deletes a second time. Blocks; thread-safe.
 */
public final class Deletions {
    private static final int NOT_DONE = 503;

    private final HostLoop loop;
    private final RegistryClient registry;
    private final KeyedRequests keys;
    private final InstantSource clock;

    /** The outcome of a deletion. */
    public sealed interface Deleted {
        record Done(SnapshotId snapshot) implements Deleted {}

        /** Refused by the registry, in its own words. */
        record Refused(Problem problem) implements Deleted {}

        record Away(HostView.Apart apart) implements Deleted {}

        record Unknown(String why) implements Deleted {}

        /** The key came with another request before. */
        record KeyReused(String key) implements Deleted {}
    }

    public Deletions(HostLoop loop, RegistryClient registry, KeyedRequests keys, InstantSource clock) {
        this.loop = loop;
        this.registry = registry;
        this.keys = keys;
        this.clock = clock;
    }

    /** Evicts an entry, if it names the expected snapshot. When it is done this host serves it no more. */
    public Deleted delete(EntryName name, Optional<SnapshotId> ifSnapshot, Optional<RequestKey> request)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        if (request.isEmpty()) {
            return evict(name, ifSnapshot, null);
        }
        String key = request.get().key();
        String digest = request.get().digest().get();
        try (var _ = keys.enter(key)) {
            return switch (loop.view().request(key).orElse(null)) {
                case null -> begin(name, ifSnapshot, new KeptRequest.Deletion(key, digest, clock.instant(), null));
                case KeptRequest.Deletion kept when !kept.digest().equals(digest) -> new Deleted.KeyReused(key);
                case KeptRequest.Deletion kept when kept.deleted() != null -> new Deleted.Done(kept.deleted());
                case KeptRequest.Deletion kept -> evict(name, ifSnapshot, kept);
                case KeptRequest.Put _ -> new Deleted.KeyReused(key);
            };
        }
    }

    /** Begins a deletion. One that was surely not carried out releases its key. */
    private Deleted begin(EntryName name, Optional<SnapshotId> ifSnapshot, KeptRequest.Deletion kept)
            throws HostBusyException, HostStoppedException, InterruptedException {
        remember(List.of(new IndexChange.PutRequest(kept)));
        Deleted deleted = evict(name, ifSnapshot, kept);
        if (deleted instanceof Deleted.Away
                || (deleted instanceof Deleted.Refused(var problem) && problem.status() == NOT_DONE)) {
            remember(List.of(new IndexChange.RemoveRequest(kept.key())));
        }
        return deleted;
    }

    private void remember(List<IndexChange> changes) throws HostBusyException, HostStoppedException, InterruptedException {
        loop.call((agent, now) -> new HostAgent.Answered<>(true, new Step(changes, List.of())));
    }

    private Deleted evict(EntryName name, Optional<SnapshotId> ifSnapshot, KeptRequest.@Nullable Deletion kept)
            throws HostStoppedException, InterruptedException {
        Optional<HostView.Apart> apart = loop.view().standing().apart();
        if (apart.isPresent()) {
            // Another registry may answer at that address, with an entry of the same name.
            return new Deleted.Away(apart.get());
        }
        return switch (registry.delete(name, ifSnapshot, Optional.ofNullable(kept).map(KeptRequest.Deletion::key))) {
            case Outcome.Answer<RegistryClient.DeletedEntry>(var _, var deleted) -> {
                yield settled(name, deleted.snapshotId(), kept);
            }
            case Outcome.Refused<RegistryClient.DeletedEntry>(var problem) -> new Deleted.Refused(problem);
            case Outcome.Unreachable<RegistryClient.DeletedEntry>(var why) -> new Deleted.Away(HostView.Apart.away(why));
            case Outcome.Unknown<RegistryClient.DeletedEntry>(var why) -> new Deleted.Unknown(why);
        };
    }

    /** Notes a deletion that the registry has done. A host that cannot hide the entry must not answer that nothing was done. */
    private Deleted settled(EntryName name, SnapshotId deleted, KeptRequest.@Nullable Deletion kept)
            throws HostStoppedException, InterruptedException {
        try {
            loop.call((agent, now) -> new HostAgent.Answered<>(true, done(agent, name, deleted, kept)));
            return new Deleted.Done(deleted);
        } catch (HostBusyException e) {
            return new Deleted.Unknown("the registry was asked to delete the entry, and the host is too busy to keep the answer: "
                    + e.getMessage());
        }
    }

    private static Step done(HostAgent agent, EntryName name, SnapshotId deleted, KeptRequest.@Nullable Deletion kept) {
        Step hidden = agent.evictedElsewhere(name, deleted);
        if (kept == null) {
            return hidden;
        }
        List<IndexChange> changes = new ArrayList<>(hidden.changes());
        changes.add(new IndexChange.PutRequest(kept.settled(deleted)));
        return new Step(List.copyOf(changes), hidden.effects());
    }
}
