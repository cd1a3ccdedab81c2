package dev.spillway.client;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.RequestTarget;
import dev.spillway.api.body.Entries;
import dev.spillway.api.body.Namespaces;
import dev.spillway.api.body.Page;
import dev.spillway.client.http.Call;
import dev.spillway.client.http.Retries;
import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An image registry that is accessed through the coordinators. */
final class RemoteImageRegistry implements ImageRegistry {
    private static final int PAGE = 1_000;
    private static final TypeReference<Page<SnapshotId>> SNAPSHOTS = new TypeReference<>() {};

    private final NamespaceName namespace;
    private final Retries coordinators;
    private final Duration timeout;

    RemoteImageRegistry(NamespaceName namespace, Retries coordinators, Duration timeout) {
        this.namespace = namespace;
        this.coordinators = coordinators;
        this.timeout = timeout;
    }

    @Override
    public Optional<String> get(String key) throws InterruptedException {
        try {
            return Optional.of(
                    coordinators.send(call(CoordinatorApi.GET_ENTRY.at(namespace, new EntryKey(key))), Entries.Entry.class)
                            .snapshotId()
                            .value());
        } catch (ProblemException e) {
            return absent(e);
        }
    }

    @Override
    public Put put(String key, String snapshotId, long sizeBytes) throws InterruptedException {
        Entries.Stored stored = coordinators.send(
                call(CoordinatorApi.PUT_ENTRY.at(namespace, new EntryKey(key)))
                        .body(new Entries.Put(new SnapshotId(snapshotId), sizeBytes, null, null)),
                Entries.Stored.class);
        return new Put(stored.generation(), Optional.ofNullable(stored.replaced()).map(SnapshotId::value), stored.evicted());
    }

    @Override
    public Optional<String> invalidate(String key) throws InterruptedException {
        try {
            return Optional.of(delete(key, null));
        } catch (ProblemException e) {
            return absent(e);
        }
    }

    @Override
    public boolean invalidate(String key, String expectedSnapshotId) throws InterruptedException {
        try {
            delete(key, new SnapshotId(expectedSnapshotId));
            return true;
        } catch (ProblemException e) {
            if (e.type() == ProblemType.OTHER_SNAPSHOT) {
                return false;
            }
            return absent(e).isPresent();
        }
    }

    private String delete(String key, @Nullable SnapshotId expected) throws InterruptedException {
        RequestTarget target = CoordinatorApi.DELETE_ENTRY.at(namespace, new EntryKey(key)).with("ifSnapshot", expected);
        return coordinators.send(call(target), Entries.Deleted.class).snapshotId().value();
    }

    /** Returns a miss if the entry does not exist; throws any other problem. */
    static Optional<String> absent(ProblemException e) {
        if (e.type() == ProblemType.UNKNOWN_ENTRY) {
            return Optional.empty();
        }
        throw e;
    }

    @Override
    public List<String> allSnapshotIds() throws InterruptedException {
        List<String> ids = new ArrayList<>();
        String after = null;
        do {
            Page<SnapshotId> page = coordinators
                    .send(call(CoordinatorApi.LIST_SNAPSHOTS.at(namespace).with("limit", PAGE).with("after", after)), SNAPSHOTS);
            page.items().forEach(id -> ids.add(id.value()));
            after = page.next();
        } while (after != null);
        return List.copyOf(ids);
    }

    @Override
    public long size() throws InterruptedException {
        return coordinators.send(call(CoordinatorApi.GET_NAMESPACE.at(namespace)), Namespaces.Namespace.class).entries();
    }

    private Call call(RequestTarget target) {
        return Call.of(target, timeout);
    }
}
