package dev.spillway.worker.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.Artifacts.Claim;
import dev.spillway.api.body.Artifacts.HostStats;
import dev.spillway.api.body.Artifacts.Kept;
import dev.spillway.api.body.Artifacts.Listed;
import dev.spillway.api.body.Artifacts.Outcome;
import dev.spillway.api.body.Artifacts.Stats;
import dev.spillway.api.body.Entries;
import dev.spillway.artifacts.ArtifactMetrics;
import dev.spillway.events.Backend;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Paging;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.worker.artifacts.ReceivedArtifact;
import dev.spillway.worker.core.model.ArtifactInfo;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.host.ServedReplicas;
import dev.spillway.worker.host.artifact.HostArtifacts;
import dev.spillway.worker.host.directory.Deletions;
import dev.spillway.worker.host.directory.Directories;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Routes for artifacts by fingerprint, which is their key and their snapshot id. */
final class ArtifactRoutes {
    private static final Duration WAIT_MAX = Duration.ofMinutes(1);
    private static final Duration HELD_DEFAULT = Duration.ofMinutes(10);
    private static final Duration HELD_MAX = Duration.ofHours(1);

    private final HostId host;
    private final StoreId store;
    private final HostArtifacts artifacts;
    private final Deletions deletions;

    ArtifactRoutes(HostId host, StoreId store, HostArtifacts artifacts, Deletions deletions) {
        this.host = host;
        this.store = store;
        this.artifacts = artifacts;
        this.deletions = deletions;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.of(WorkerApi.GET_ARTIFACT, this::get).immediately(this::hit),
                Endpoint.of(WorkerApi.PUT_ARTIFACT, this::put).stream(artifacts.maxBytes(), List.of(Endpoint.ANY)),
                Endpoint.of(WorkerApi.DELETE_ARTIFACT, this::delete),
                Endpoint.of(WorkerApi.LIST_ARTIFACTS, this::list),
                Endpoint.of(WorkerApi.GET_ARTIFACT_STATS, this::stats),
                Endpoint.of(WorkerApi.CLAIM_ARTIFACT, this::claim).json(),
                Endpoint.of(WorkerApi.UNCLAIM_ARTIFACT, this::giveBack),
                Endpoint.of(WorkerApi.GET_COPY, this::copy),
                Endpoint.of(WorkerApi.FLUSH_ARTIFACTS, this::flush));
    }

    private static EntryName name(Request request) {
        // A fingerprint has the form of a digest.
        String fingerprint = request.parameter("fingerprint", ArtifactRoutes::fingerprint);
        return new EntryName(namespace(request), new EntryKey(fingerprint));
    }

    private static String fingerprint(String text) {
        if (!text.matches("[0-9a-f]{64}")) {
            throw new InvalidValueException("fingerprint", text, "64 lower-case hexadecimal digits");
        }
        return text;
    }

    private static NamespaceName namespace(Request request) {
        return request.parameter("namespace", NamespaceName::new);
    }

    private Optional<Response> hit(Request request) {
        var _ = request.query().flag("fetch");
        return request.isHead() ? Optional.empty() : artifacts.hit(name(request)).map(served -> ArtifactBody.answer(request, served));
    }

    private Response get(Request request) throws Exception {
        EntryName name = name(request);
        boolean fetch = request.query().flag("fetch").orElse(true);
        return ArtifactBody.answer(
                request,
                HostProblems.served(name, request.isHead() ? artifacts.find(name, fetch, false) : artifacts.get(name, fetch)));
    }

    /**
     * Gives another worker a copy of the generation and from the store that the registry named. It counts no use: the registry counts the use when it
     * names the holders.
     */
    private Response copy(Request request) throws Exception {
        EntryName name = new EntryName(namespace(request), request.parameter("key", EntryKey::new));
        // The registry may name this host as a holder before the answer with the generation has arrived here.
        artifacts.awaitRegistered(name);
        HostArtifacts.Found.Served served = HostProblems.served(name, artifacts.look(name));
        boolean other = request.query().value("storeId", StoreId::parse).filter(id -> !id.equals(store)).isPresent()
                || request.query().number("generation", 1, Long.MAX_VALUE).filter(wanted -> wanted != served.generation()).isPresent();
        if (other) {
            served.close();
            throw HostProblems.unknownEntry(name);
        }
        return ArtifactBody.answer(request, served);
    }

    private Response put(Request request) throws Exception {
        EntryName name = name(request);
        Optional<GroupName> group = request.query().value("group", GroupName::new);
        requireWhole(request);
        artifacts.refused(name.namespace(), ArtifactBody.announced(request).orElse(0)).ifPresent(refused -> {
            throw HostProblems.of(host, name, 0, refused);
        });
        Conditions conditions = Conditions.of(request);
        conditions.requireForPut(host, artifacts, name);
        try (ReceivedArtifact received = ArtifactBody.receive(request, name.namespace(), artifacts)) {
            ArtifactInfo info = new ArtifactInfo(received.digest(), group.orElse(null));
            HostArtifacts.Put put = new HostArtifacts.Put(name, new SnapshotId(name.key().value()), received, info, Description.NONE, 0);
            HostArtifacts.Result result = conditions.put(artifacts, put);
            return Response.json(
                    result instanceof HostArtifacts.Result.Existing ? 200 : 201,
                    kept(name, received.digest(), received.size(), result));
        }
    }

    /** Refuses a part of an artifact, which would be kept as the whole, and a content encoding, which would be lost. */
    private static void requireWhole(Request request) {
        ArtifactBody.requireNoPart(request);
        request.header("Content-Encoding").filter(encoding -> !encoding.equalsIgnoreCase("identity")).ifPresent(encoding -> {
            throw Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding: %s (expected: identity)".formatted(encoding))
                    .exception();
        });
    }

    private Kept kept(EntryName name, ContentDigest digest, long bytes, HostArtifacts.Result result) {
        return new Kept(name.key(), digest, bytes, switch (result) {
            case HostArtifacts.Result.Accepted() -> Outcome.ACCEPTED;
            case HostArtifacts.Result.Existing() -> Outcome.EXISTING;
            case HostArtifacts.Result.Settled(PutOutcome.Stored _) -> Outcome.STORED;
            default -> throw HostProblems.of(host, name, 0, result);
        });
    }

    private Response delete(Request request) throws Exception {
        EntryName name = name(request);
        Conditions.of(request).requireForDeletion(host, artifacts, name);
        artifacts.awaitRegistered(name);
        return Response
                .ok(
                        new Entries.Deleted(
                                HostProblems.deleted(deletions.delete(name, Backend.ARTIFACT, Optional.empty(), Optional.empty()))));
    }

    private Response list(Request request) throws InterruptedException {
        NamespaceName namespace = namespace(request);
        Paging paging = Paging.of(request, "artifacts of " + namespace);
        String after = paging.after() == null ? "" : new EntryKey(paging.after()).value();
        String prefix = request.query().value("prefix", text -> text.isEmpty() ? "" : new EntryKey(text).value()).orElse("");
        List<Directories.Listed> found =
                DirectoryRoutes.known(namespace, artifacts.list(namespace, prefix, after, paging.limit() + 1));
        return Response.ok(paging.page(found, last -> last.replica().name().key().value(), ArtifactRoutes::listed));
    }

    private static Listed listed(Directories.Listed entry) {
        ReplicaRecord replica = entry.replica();
        ArtifactInfo info = ArtifactBody.info(replica);
        return new Listed(
                replica.name().key(),
                replica.snapshotId(),
                replica.generation(),
                info.content(),
                info.group(),
                replica.sizeBytes(),
                replica.cachedAt(),
                entry.lastAccessedAt());
    }

    private Response stats(Request request) throws InterruptedException {
        NamespaceName namespace = namespace(request);
        ServedReplicas.Totals totals = DirectoryRoutes.known(namespace, artifacts.totals(namespace));
        ArtifactMetrics host = artifacts.metrics();
        return Response.ok(
                new Stats(
                        totals.entries(),
                        totals.bytes(),
                        new HostStats(
                                host.lookups(),
                                host.hits(),
                                host.misses(),
                                host.damaged(),
                                host.puts(),
                                host.rejectedPuts(),
                                artifacts.refusedPuts(),
                                host.evictions(),
                                host.evictedBytes(),
                                host.flushes(),
                                host.flushErrors(),
                                host.cachedBytes(),
                                host.entries(),
                                host.hitRatePartsPerMillion())));
    }

    private Response claim(Request request) throws Exception {
        EntryName name = name(request);
        artifacts.refused(name.namespace(), 0).ifPresent(refused -> {
            throw HostProblems.of(host, name, 0, refused);
        });
        Claim claim = request.body(Claim.class);
        return Response.ok(
                artifacts.claim(
                        name,
                        within("waitFor", claim.waitFor(), Duration.ZERO, WAIT_MAX),
                        within("heldFor", claim.heldFor(), HELD_DEFAULT, HELD_MAX),
                        claim.id()));
    }

    private static Duration within(String field, @Nullable Duration given, Duration otherwise, Duration most) {
        Duration duration = given == null ? otherwise : given;
        if (duration.isNegative() || duration.compareTo(most) > 0) {
            throw new InvalidValueException(field, duration, "a duration of 0 to " + most);
        }
        return duration;
    }

    private Response giveBack(Request request) {
        UUID id = request.query()
                .value("id", text -> UUID.fromString(text))
                .orElseThrow(() -> new InvalidValueException("id", "", "the id of a claim"));
        artifacts.giveBack(name(request), id);
        return Response.noContent();
    }

    private Response flush(Request request) throws Exception {
        DirectoryRoutes.known(namespace(request), artifacts.flush(namespace(request)));
        return Response.noContent();
    }
}
