package dev.spillway.client;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.RequestTarget;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.api.body.Entries;
import dev.spillway.api.body.Page;
import dev.spillway.client.http.Call;
import dev.spillway.client.http.Retries;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A directory cache that is accessed through a worker. */
final class RemoteDirectoryCache implements DirectoryCache {
    private static final int PAGE = 1_000;
    private static final TypeReference<Page<CachedDirectories.Listed>> LISTED = new TypeReference<>() {};

    private final NamespaceName namespace;
    private final Retries worker;
    private final Duration timeout;
    private final Duration copyTimeout;
    private final Duration hold;
    private final Set<HeldTree> held;

    /** @param held set to which open trees are added */
    RemoteDirectoryCache(
            NamespaceName namespace,
            Retries worker,
            Duration timeout,
            Duration copyTimeout,
            Duration hold,
            Set<HeldTree> held) {
        this.namespace = namespace;
        this.worker = worker;
        this.timeout = timeout;
        this.copyTimeout = copyTimeout;
        this.hold = hold;
        this.held = held;
    }

    @Override
    public Optional<HeldDirectory> get(String key) throws InterruptedException {
        return get(key, null);
    }

    @Override
    public Optional<HeldDirectory> getFresh(String key) throws InterruptedException {
        return get(key, true);
    }

    private Optional<HeldDirectory> get(String key, @Nullable Boolean fresh) throws InterruptedException {
        // A worker that hangs is noticed soon. Only a copy from another host may take long.
        Optional<HeldDirectory> local = get(key, fresh, false, timeout);
        return local.isPresent() ? local : get(key, fresh, true, copyTimeout);
    }

    private Optional<HeldDirectory> get(String key, @Nullable Boolean fresh, boolean fetch, Duration within) throws InterruptedException {
        try {
            RequestTarget directory =
                    WorkerApi.GET_DIRECTORY.at(namespace, new EntryKey(key)).with("hold", hold).with("fresh", fresh).with("fetch", fetch);
            CachedDirectories.Found found = worker.send(Call.of(directory, within), CachedDirectories.Found.class);
            return Optional.of(HeldTree.open(found, worker, timeout, hold, held));
        } catch (ProblemException e) {
            if (e.type() == ProblemType.UNKNOWN_ENTRY || e.type() == ProblemType.OLDER_GENERATION) {
                return Optional.empty();
            }
            throw e;
        }
    }

    @Override
    public Put put(String key, Path sourceDir, Description description, CachedDirectories.Mode mode) throws InterruptedException {
        return put(key, sourceDir, description, mode, null);
    }

    @Override
    public Put putCopy(String key, Path sourceDir, Description description, long generation) throws InterruptedException {
        return put(key, sourceDir, description, CachedDirectories.Mode.COPY, generation);
    }

    private Put put(String key, Path sourceDir, Description description, CachedDirectories.Mode mode, @Nullable Long generation)
            throws InterruptedException {
        if (sourceDir.toString().isEmpty()) {
            throw new InvalidValueException("sourceDir", "", "a directory; the current one is written as a dot");
        }
        Call put = Call.of(WorkerApi.PUT_DIRECTORY.at(namespace, new EntryKey(key)), copyTimeout)
                .body(
                        new CachedDirectories.Put(
                                sourceDir.toAbsolutePath().normalize().toString(),
                                description.text(),
                                description.labels().isEmpty() ? null : description.labels(),
                                mode,
                                generation,
                                null));
        CachedDirectories.Stored stored = worker.send(put, CachedDirectories.Stored.class);
        return new Put(Path.of(stored.path()), stored.snapshotId().value(), stored.generation(), stored.sizeBytes(), stored.evicted());
    }

    @Override
    public Optional<String> invalidate(String key) throws InterruptedException {
        try {
            return Optional.of(
                    worker.send(call(WorkerApi.DELETE_DIRECTORY.at(namespace, new EntryKey(key))), Entries.Deleted.class)
                            .snapshotId()
                            .value());
        } catch (ProblemException e) {
            return RemoteImageRegistry.absent(e);
        }
    }

    @Override
    public long prune(long maxEntries, long maxBytes) throws InterruptedException {
        InvalidValueException.requireAtLeast("maxEntries", maxEntries, 0);
        InvalidValueException.requireAtLeast("maxBytes", maxBytes, 0);
        return worker.send(
                call(WorkerApi.PRUNE_DIRECTORIES.at(namespace)).body(new CachedDirectories.Prune(maxEntries, maxBytes)),
                CachedDirectories.Pruned.class).evicted();
    }

    @Override
    public List<CachedDirectories.Listed> list() throws InterruptedException {
        List<CachedDirectories.Listed> all = new ArrayList<>();
        String after = null;
        do {
            Page<CachedDirectories.Listed> page =
                    worker.send(call(WorkerApi.LIST_DIRECTORIES.at(namespace).with("limit", PAGE).with("after", after)), LISTED);
            all.addAll(page.items());
            after = page.next();
        } while (after != null);
        return List.copyOf(all);
    }

    @Override
    public CachedDirectories.Stats stats() throws InterruptedException {
        return worker.send(call(WorkerApi.GET_STATS.at(namespace)), CachedDirectories.Stats.class);
    }

    private Call call(RequestTarget target) {
        return Call.of(target, timeout);
    }
}
