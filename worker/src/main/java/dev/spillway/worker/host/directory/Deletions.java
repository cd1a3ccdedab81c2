package dev.spillway.worker.host.directory;

import dev.spillway.api.Problem;
import dev.spillway.client.http.Outcome;
import dev.spillway.events.Backend;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.model.KeyedDeletion;
import dev.spillway.worker.host.HostBusyException;
import dev.spillway.worker.host.HostLoop;
import dev.spillway.worker.host.HostStoppedException;
import dev.spillway.worker.host.HostView;
import dev.spillway.worker.host.KeyedRequests;
import dev.spillway.worker.host.Policies;
import dev.spillway.worker.host.RequestKey;
import dev.spillway.worker.registry.RegistryClient;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Evicts entries from the whole fleet on behalf of a caller. A deletion with an idempotency key is recorded durably before the registry is asked. So
 * its key serves no other request, even after a crash. The registry gets the key, too, so a repetition never deletes a second time. Blocks;
 * thread-safe.
 */
public final class Deletions {
    private static final int NOT_DONE = 503;

    private final HostLoop loop;
    private final RegistryClient registry;
    private final Policies policies;
    private final KeyedRequests keys;

    /** The outcome of a deletion. */
    public sealed interface Deleted {
        record Done(SnapshotId snapshot) implements Deleted {}

        /** Refused by the registry, in its own words. */
        record Refused(Problem problem) implements Deleted {}

        /** The namespace is for images of another kind. */
        record OtherBackend(NamespaceName namespace, Backend backend) implements Deleted {}

        record Away(HostView.RegistryUnavailable unavailable) implements Deleted {}

        record Unknown(String why) implements Deleted {}

        /** The key came with another request before. */
        record KeyReused(String key) implements Deleted {}
    }

    public Deletions(HostLoop loop, RegistryClient registry, Policies policies, KeyedRequests keys) {
        this.loop = loop;
        this.registry = registry;
        this.policies = policies;
        this.keys = keys;
    }

    /**
     * Evicts an entry, if it names the expected snapshot. After that, this host does not serve the entry any more.
     *
     * @param backend kind of images that the caller deletes
     */
    public Deleted delete(EntryName name, Backend backend, Optional<SnapshotId> ifSnapshot, Optional<RequestKey> request)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        Optional<Backend> other = policies.otherBackend(name.namespace(), backend);
        if (other.isPresent()) {
            return new Deleted.OtherBackend(name.namespace(), other.get());
        }
        if (request.isEmpty()) {
            return evict(name, ifSnapshot, null);
        }
        String key = request.get().key();
        String digest = request.get().digest().get();
        try (var _ = keys.enter(key)) {
            return switch (loop.<KeyedDeletion>call((agent, now) -> agent.delete(now, key, digest))) {
                case KeyedDeletion.Begun(var first) -> begun(name, ifSnapshot, key, first);
                case KeyedDeletion.Done(var snapshot) -> new Deleted.Done(snapshot);
                case KeyedDeletion.KeyTaken() -> new Deleted.KeyReused(key);
            };
        }
    }

    /** Asks the registry. Releases the key if neither this nor an earlier attempt can have deleted the entry. */
    private Deleted begun(EntryName name, Optional<SnapshotId> ifSnapshot, String key, boolean first)
            throws HostBusyException, HostStoppedException, InterruptedException {
        Deleted deleted = evict(name, ifSnapshot, key);
        if (first && (deleted instanceof Deleted.Away
                || (deleted instanceof Deleted.Refused(var problem) && problem.status() == NOT_DONE))) {
            loop.call((agent, now) -> new HostAgent.Answered<>(true, agent.notDeleted(key)));
        }
        return deleted;
    }

    private Deleted evict(EntryName name, Optional<SnapshotId> ifSnapshot, @Nullable String key)
            throws HostStoppedException, InterruptedException {
        Optional<HostView.RegistryUnavailable> unavailable = loop.view().status().unavailable();
        if (unavailable.isPresent()) {
            // Another registry may answer at that address, with an entry of the same name.
            return new Deleted.Away(unavailable.get());
        }
        return switch (registry.delete(name, ifSnapshot, Optional.ofNullable(key))) {
            case Outcome.Answer<RegistryClient.DeletedEntry>(var _, var deleted) -> {
                yield settled(name, deleted.snapshotId(), key);
            }
            case Outcome.Refused<RegistryClient.DeletedEntry>(var problem) -> new Deleted.Refused(problem);
            case Outcome.Unreachable<RegistryClient.DeletedEntry>(var why) -> new Deleted.Away(HostView.RegistryUnavailable.away(why));
            case Outcome.Unknown<RegistryClient.DeletedEntry>(var why) -> new Deleted.Unknown(why);
        };
    }

    /**
     * Notes a deletion that the registry has carried out. If the host is too busy to hide the entry, the answer is "unknown", because the entry is
     * gone.
     */
    private Deleted settled(EntryName name, SnapshotId deleted, @Nullable String key)
            throws HostStoppedException, InterruptedException {
        try {
            loop.call((agent, now) -> new HostAgent.Answered<>(true, agent.deleted(name, deleted, key)));
            return new Deleted.Done(deleted);
        } catch (HostBusyException e) {
            return new Deleted.Unknown(
                    "the registry was asked to delete the entry, and the host is too busy to keep the answer: "
                            + e.getMessage());
        }
    }
}
