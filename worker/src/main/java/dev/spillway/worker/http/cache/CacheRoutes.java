package dev.spillway.worker.http.cache;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.WorkerApi;
import dev.spillway.events.Backend;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.worker.artifacts.ReceivedArtifact;
import dev.spillway.worker.core.model.ArtifactInfo;
import dev.spillway.worker.host.artifact.HostArtifacts;
import dev.spillway.worker.host.directory.Deletions;
import dev.spillway.worker.http.ArtifactBody;
import dev.spillway.worker.http.Conditions;
import dev.spillway.worker.http.HostProblems;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Routes of the artifact cache for build tools. The key is the path, and the snapshot id is the content's SHA-256. */
public final class CacheRoutes {
    /** Largest size of a body that is not kept. */
    private static final long IGNORED_BYTES_MAX = 1 << 20;

    private static final Dialect TURBOREPO = new Turborepo();
    private static final Dialect NX = new Nx();

    private final HostId host;
    private final HostArtifacts artifacts;
    private final Deletions deletions;
    private final InstantSource clock;

    @FunctionalInterface
    private interface Answering {
        Response answer(Request request, EntryName name, Dialect dialect) throws Exception;
    }

    public CacheRoutes(HostId host, HostArtifacts artifacts, Deletions deletions, InstantSource clock) {
        this.host = host;
        this.artifacts = artifacts;
        this.deletions = deletions;
        this.clock = clock;
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.of(WorkerApi.GET_CACHED, this::get).immediately(this::hit),
                Endpoint.of(WorkerApi.PUT_CACHED, request -> answer(request, true, this::put))
                        // The handler applies the bound, so that its refusal has the status of the dialect.
                        .stream(Long.MAX_VALUE, List.of(Endpoint.ANY)),
                Endpoint.of(WorkerApi.DELETE_CACHED, request -> answer(request, true, this::delete)),
                Endpoint.of(WorkerApi.POST_CACHED, CacheRoutes::post).stream(IGNORED_BYTES_MAX, List.of(Endpoint.ANY)),
                Endpoint.of(WorkerApi.CACHED_OPTIONS, request -> WebDav.options()),
                Endpoint.of(WorkerApi.CACHE_OPTIONS, request -> WebDav.options()),
                Endpoint.of(WorkerApi.FIND_CACHED, this::find).stream(IGNORED_BYTES_MAX, List.of(Endpoint.ANY)),
                Endpoint.of(WorkerApi.FIND_CACHE, request -> collection(namespace(request), ""))
                        .stream(IGNORED_BYTES_MAX, List.of(Endpoint.ANY)),
                Endpoint.of(WorkerApi.MAKE_COLLECTION, this::makeCollection),
                Endpoint.of(WorkerApi.MAKE_CACHE, this::makeCollection));
    }

    private static NamespaceName namespace(Request request) {
        return request.parameter("namespace", NamespaceName::new);
    }

    private static EntryName name(Request request) {
        return new EntryName(namespace(request), request.parameter("path", EntryKey::new));
    }

    private static Dialect dialect(String path) {
        if (path.startsWith(Turborepo.PREFIX)) {
            return TURBOREPO;
        }
        return path.startsWith(Nx.PREFIX) ? NX : Bazel.of(path, MavenBuilds.of(path, Dialect.PLAIN));
    }

    /** Answers a request for one artifact; a refusal has the status of the dialect. */
    private Response answer(Request request, boolean changes, Answering answering) throws Exception {
        Dialect dialect = dialect(request.parameter("path"));
        try {
            return answering.answer(request, name(request), dialect);
        } catch (ProblemException e) {
            throw dialect.refusals().of(e.problem(), changes);
        } catch (InvalidValueException e) {
            throw dialect.refusals().of(Problem.invalid(String.valueOf(e.getMessage())), changes);
        }
    }

    private Optional<Response> hit(Request request) {
        Dialect dialect = dialect(request.parameter("path"));
        try {
            return request.isHead() || !dialect.standsAlone() ? Optional.empty()
                    : artifacts.hit(name(request)).map(served -> dialect.found(request, served));
        } catch (InvalidValueException _) {
            // The handler refuses it.
            return Optional.empty();
        }
    }

    private Response get(Request request) throws Exception {
        return request.parameter("path").equals(Turborepo.STATUS) ? Turborepo.status() : answer(request, false, this::read);
    }

    private Response read(Request request, EntryName name, Dialect dialect) throws Exception {
        return dialect.found(request, HostProblems.served(name, dialect.find(artifacts, name, !request.isHead())));
    }

    private Response put(Request request, EntryName name, Dialect dialect) throws Exception {
        dialect.requireKey(name);
        ArtifactBody.requireNoPart(request);
        artifacts.refused(name.namespace(), ArtifactBody.announced(request).orElse(0)).ifPresent(refused -> {
            throw HostProblems.of(host, name, 0, refused);
        });
        if (dialect.keepsFirst() && artifacts.isHere(name)) {
            return dialect.put(false);
        }
        Conditions conditions = Conditions.of(request);
        conditions.requireForPut(host, artifacts, name);
        try (ReceivedArtifact received = ArtifactBody.receive(request, name.namespace(), artifacts)) {
            dialect.check(name, received.digest());
            HostArtifacts.Result result = conditions.put(
                    artifacts,
                    new HostArtifacts.Put(
                            name,
                            new SnapshotId(received.digest().value()),
                            received,
                            new ArtifactInfo(received.digest(), dialect.group(name)),
                            dialect.description(request),
                            0));
            if (HostProblems.keepsNothing(result)) {
                throw HostProblems.of(host, name, 0, result);
            }
            dialect.kept(artifacts, name);
            return dialect.put(!(result instanceof HostArtifacts.Result.Existing));
        }
    }

    private Response delete(Request request, EntryName name, Dialect dialect) throws Exception {
        Conditions.of(request).requireForDeletion(host, artifacts, name);
        artifacts.awaitRegistered(name);
        SnapshotId deleted = HostProblems.deleted(deletions.delete(name, Backend.ARTIFACT, Optional.empty(), Optional.empty()));
        return Response.noContent().header("ETag", "\"" + deleted + "\"");
    }

    /** Takes the events of a run, which are not kept. */
    private static Response post(Request request) {
        String path = request.parameter("path");
        if (!path.equals(Turborepo.EVENTS)) {
            throw Problem.of(ProblemType.UNKNOWN_PATH, "POST to %s (expected: to %s)".formatted(Problem.shown(path), Turborepo.EVENTS))
                    .exception();
        }
        return Response.ok(Map.of());
    }

    private Response find(Request request) throws Exception {
        String path = request.parameter("path");
        if (path.isEmpty() || path.endsWith("/")) {
            return collection(namespace(request), path);
        }
        return answer(request, false, (asked, name, dialect) -> {
            try (HostArtifacts.Found.Served served = HostProblems.served(name, dialect.find(artifacts, name, false))) {
                return WebDav.found(name.namespace(), path, Optional.of(served), clock.instant());
            }
        });
    }

    private Response collection(NamespaceName namespace, String path) throws Exception {
        requireArtifacts(namespace);
        return WebDav.found(namespace, path, Optional.empty(), clock.instant());
    }

    private Response makeCollection(Request request) throws Exception {
        requireArtifacts(namespace(request));
        return Response.empty(201);
    }

    /** Refuses a namespace that takes no artifacts. Ignores temporary refusals, because a WebDAV collection is not really made. */
    private void requireArtifacts(NamespaceName namespace) throws Exception {
        switch (artifacts.refused(namespace, 0).orElse(null)) {
            case HostArtifacts.Result.UnknownNamespace() -> throw HostProblems.unknownNamespace(namespace);
            case HostArtifacts.Result.OtherBackend(var backend) -> throw HostProblems.otherBackend(namespace, backend);
            case null, default -> {
                // The namespace is one for artifacts, as far as this host knows.
            }
        }
    }
}
