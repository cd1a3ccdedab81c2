package dev.spillway.worker.http;

import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.api.body.Entries;
import dev.spillway.api.body.Plans;
import dev.spillway.events.Backend;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Paging;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Request.Query;
import dev.spillway.service.http.Response;
import dev.spillway.service.identity.Identity;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.host.RequestKey;
import dev.spillway.worker.host.ServedReplicas;
import dev.spillway.worker.host.directory.Deletions;
import dev.spillway.worker.host.directory.Directories;
import dev.spillway.worker.host.directory.HeldImage;
import dev.spillway.worker.host.directory.Prunes;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Routes to read, list and delete directories. */
final class DirectoryRoutes {

    private static final int KEY_LENGTH_MAX = 255;

    private final HostId host;
    private final StoreId store;
    private final Directories directories;
    private final Deletions deletions;
    private final Prunes prunes;
    private final Duration holdMax;

    DirectoryRoutes(HostId host, StoreId store, Directories directories, Deletions deletions, Prunes prunes, Duration holdMax) {
        this.host = host;
        this.store = store;
        this.directories = directories;
        this.deletions = deletions;
        this.prunes = prunes;
        this.holdMax = holdMax;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.of(WorkerApi.GET_DIRECTORY, this::get).immediately(this::hit),
                Endpoint.of(WorkerApi.DELETE_DIRECTORY, this::delete),
                Endpoint.of(WorkerApi.GET_ARCHIVE, this::archive),
                Endpoint.of(WorkerApi.GET_TREE_COPY, this::copy),
                Endpoint.of(WorkerApi.LIST_DIRECTORIES, this::list),
                Endpoint.of(WorkerApi.GET_STATS, this::stats),
                Endpoint.of(WorkerApi.PRUNE_DIRECTORIES, this::prune).json());
    }

    static EntryName name(Request request) {
        return new EntryName(namespace(request), request.parameter("key", EntryKey::new));
    }

    private static NamespaceName namespace(Request request) {
        return request.parameter("namespace", NamespaceName::new);
    }

    static Optional<String> idempotencyKey(Request request) {
        return request.header("Idempotency-Key").map(key -> {
            if (key.isEmpty() || key.length() > KEY_LENGTH_MAX || !key.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
                throw new InvalidValueException("Idempotency-Key", key, "1 to " + KEY_LENGTH_MAX + " visible ASCII characters");
            }
            return key;
        });
    }

    /** Answers a hit from memory alone; empty if that is not possible. */
    private Optional<Response> hit(Request request) {
        Query query = request.query();
        boolean plain = query.text("hold").isEmpty() && query.text("fresh").isEmpty() && query.text("fetch").isEmpty() && !request.isHead();
        return plain ? directories.hit(name(request)).map(DirectoryRoutes::found) : Optional.empty();
    }

    private static Response found(Directories.Found.Served served) {
        ReplicaRecord replica = served.replica();
        return Response
                .ok(
                        new CachedDirectories.Found(
                                served.path().toString(),
                                replica.snapshotId(),
                                replica.generation(),
                                replica.sizeBytes(),
                                served.fetched() ? CachedDirectories.Source.PEER : CachedDirectories.Source.LOCAL,
                                served.hold().map(given -> new CachedDirectories.Hold(given.id(), given.until())).orElse(null)));
    }

    private Response get(Request request) throws Exception {
        EntryName name = name(request);
        Query query = request.query();
        Optional<Duration> hold = query.duration("hold", holdMax);
        boolean fresh = query.flag("fresh").orElse(false);
        boolean fetch = query.flag("fetch").orElse(true);
        return found(
                served(
                        name,
                        request.isHead() ? directories.look(name, hold.isPresent(), fresh)
                                : directories.get(
                                        name,
                                        new Directories.Read(hold, fresh, fetch, request.identity().map(Identity::name)))));
    }

    private Directories.Found.Served served(EntryName name, Directories.Found found) {
        return served(host, name, found);
    }

    static Directories.Found.Served served(HostId host, EntryName name, Directories.Found found) {
        return switch (found) {
            case Directories.Found.Served served -> served;
            case Directories.Found.Missing() -> throw HostProblems.unknownEntry(name);
            case Directories.Found.UnknownNamespace() -> throw HostProblems.unknownNamespace(name.namespace());
            case Directories.Found.OtherBackend(var backend) -> throw HostProblems.otherBackend(name.namespace(), backend);
            case Directories.Found.Stale(var here, var registered) -> throw HostProblems.stale(name, here, registered);
            case Directories.Found.TooManyHolds(var max) -> throw HostProblems.tooManyHolds(max);
            case Directories.Found.NotFetched(var failures) -> throw HostProblems.notFetched(failures);
            case Directories.Found.NotKept(var generation, var result) -> throw HostProblems.of(host, name, generation, result);
            case Directories.Found.Away(var apart) -> throw HostProblems.apart(apart);
        };
    }

    private Response delete(Request request) throws Exception {
        EntryName name = name(request);
        Optional<SnapshotId> ifSnapshot = request.query().value("ifSnapshot", SnapshotId::new);
        Optional<RequestKey> key = idempotencyKey(request).map(
                text -> new RequestKey(
                        text,
                        () -> RequestDigest.of(
                                List.of(
                                        "DELETE directory",
                                        name.namespace().value(),
                                        name.key().value(),
                                        ifSnapshot.map(SnapshotId::value).orElse("")),
                                new byte[0])));
        return Response.ok(new Entries.Deleted(HostProblems.deleted(deletions.delete(name, Backend.DIRECTORY, ifSnapshot, key))));
    }

    private Response archive(Request request) throws Exception {
        EntryName name = name(request);
        if (request.isHead()) {
            return archive(served(name, directories.look(name, false, false)).replica(), out -> {});
        }
        return archive(directories.reading(served(name, directories.getToRead(name, false))));
    }

    /** Gives another worker a copy of the generation and from the store that the registry named. */
    private Response copy(Request request) throws Exception {
        EntryName name = name(request);
        StoreId wanted = request.query().value("storeId", StoreId::parse).orElse(store);
        long generation = request.query()
                .number("generation", 1, Long.MAX_VALUE)
                .orElseThrow(() -> new InvalidValueException("generation", "", "the generation that the registry names"));
        if (!wanted.equals(store)) {
            throw HostProblems.unknownEntry(name);
        }
        Directories.Found.Served served = served(name, directories.getToSend(name, generation));
        if (request.isHead()) {
            directories.reading(served).close();
            return archive(served.replica(), out -> {});
        }
        return archive(directories.sending(served));
    }

    private static Response archive(HeldImage archive) {
        return archive(archive.replica(), new Response.StreamedBody() {
            @Override
            public void writeTo(OutputStream out) throws IOException {
                archive.writeTo(out);
            }

            @Override
            public void close() {
                archive.close();
            }
        });
    }

    private static Response archive(ReplicaRecord replica, Response.StreamedBody body) {
        return Response.stream("application/x-tar", body).header("Spillway-Generation", Long.toString(replica.generation()));
    }

    private Response list(Request request) throws InterruptedException {
        NamespaceName namespace = namespace(request);
        Paging paging = Paging.of(request, "directories of " + namespace);
        String after = paging.after() == null ? "" : new EntryKey(paging.after()).value();
        String prefix = request.query().value("prefix", text -> text.isEmpty() ? "" : new EntryKey(text).value()).orElse("");
        List<Directories.Listed> found = known(namespace, directories.list(namespace, prefix, after, paging.limit() + 1));
        return Response.ok(paging.page(found, last -> last.replica().name().key().value(), DirectoryRoutes::listed));
    }

    private static CachedDirectories.Listed listed(Directories.Listed entry) {
        ReplicaRecord replica = entry.replica();
        return new CachedDirectories.Listed(
                replica.name().key(),
                replica.description().text(),
                replica.snapshotId(),
                replica.generation(),
                replica.sizeBytes(),
                replica.cachedAt(),
                entry.lastAccessedAt());
    }

    private Response prune(Request request) throws Exception {
        CachedDirectories.Prune bounds = request.body(CachedDirectories.Prune.class);
        Plans.Prune prune = new Plans.Prune(bounds.maxEntries(), bounds.maxBytes(), null, null, false);
        NamespaceName namespace = namespace(request);
        return switch (prunes.prune(namespace, prune, idempotencyKey(request))) {
            case Prunes.Pruned.OtherBackend(var backend) -> throw HostProblems.otherBackend(namespace, backend);
            case Prunes.Pruned.Done(var evicted) -> Response.ok(new CachedDirectories.Pruned(evicted));
            case Prunes.Pruned.Refused(var problem) -> throw problem.exception();
            case Prunes.Pruned.Away(var apart) -> throw HostProblems.apart(apart);
            case Prunes.Pruned.Unknown(var why) -> throw HostProblems.unknownOutcome(why);
        };
    }

    private Response stats(Request request) throws InterruptedException {
        NamespaceName namespace = namespace(request);
        ServedReplicas.Totals totals = known(namespace, directories.totals(namespace));
        return Response.ok(new CachedDirectories.Stats(totals.entries(), totals.bytes()));
    }

    static <T> T known(NamespaceName namespace, Directories.InNamespace<T> read) {
        return switch (read) {
            case Directories.InNamespace.Known<T>(var value) -> value;
            case Directories.InNamespace.UnknownNamespace<T>() -> throw HostProblems.unknownNamespace(namespace);
            case Directories.InNamespace.OtherBackend<T>(var backend) -> throw HostProblems.otherBackend(namespace, backend);
            case Directories.InNamespace.Away<T>(var apart) -> throw HostProblems.apart(apart);
        };
    }
}
