package dev.spillway.worker.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.SnapshotId;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Request.Query;
import dev.spillway.service.http.Response;
import dev.spillway.worker.core.model.NotKept;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.filesystem.archive.Packing;
import dev.spillway.worker.filesystem.posix.PosixException;
import dev.spillway.worker.filesystem.store.StageMode;
import dev.spillway.worker.host.HostBusyException;
import dev.spillway.worker.host.HostStoppedException;
import dev.spillway.worker.host.RequestKey;
import dev.spillway.worker.host.directory.TreePuts;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Routes for puts of directories, which are named by a path on this host or sent as an archive. */
final class DirectoryPuts {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryPuts.class);

    private static final String TAR = "application/x-tar";
    private static final Map<String, Packing> PACKED_TYPES = Map.of(
            "application/zstd",
            Packing.ZSTD,
            "application/x-tar+zstd",
            Packing.ZSTD,
            "application/gzip",
            Packing.GZIP,
            "application/x-tar+gzip",
            Packing.GZIP);
    static final List<String> ARCHIVE_TYPES = Stream.concat(Stream.of(TAR), PACKED_TYPES.keySet().stream().sorted()).toList();

    private static final long ARCHIVE_BYTES_MAX = 1L << 40;
    private static final Map<String, Packing> ENCODINGS = Map.of("zstd", Packing.ZSTD, "gzip", Packing.GZIP);

    private final HostId host;
    private final TreePuts puts;
    private final UploadPace pace;

    DirectoryPuts(HostId host, TreePuts puts, UploadPace pace) {
        this.host = host;
        this.puts = puts;
        this.pace = pace;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.of(WorkerApi.PUT_DIRECTORY, this::put)
                        .json()
                        .stream(ARCHIVE_BYTES_MAX, ARCHIVE_TYPES),
                Endpoint.of(WorkerApi.GET_PUT_OF_DIRECTORY, this::underWay));
    }

    private Response underWay(Request request) {
        return Response.ok(new CachedDirectories.PutUnderWay(puts.underWay(DirectoryRoutes.name(request)).orElse(null)));
    }

    private Response put(Request request) throws Exception {
        EntryName name = DirectoryRoutes.name(request);
        return request.isStreamed() ? archive(request, name) : directory(request, name);
    }

    private Response directory(Request request, EntryName name) throws HostBusyException, HostStoppedException, InterruptedException {
        Query query = request.query();
        if (Stream.of("description", "generation", "snapshotId", "strict").anyMatch(one -> query.text(one).isPresent())) {
            throw Problem.invalid(
                    "query: description, generation, snapshotId or strict beside a JSON body (expected: all in the body, and strict for archives alone)")
                    .exception();
        }
        CachedDirectories.Put body = request.body(CachedDirectories.Put.class);
        StageMode mode = body.mode() == null ? StageMode.COPY : StageMode.valueOf(body.mode().name());
        long generation = body.generation() == null ? 0 : generation(body.generation());
        Optional<RequestKey> key = DirectoryRoutes.idempotencyKey(request)
                .map(
                        text -> new RequestKey(
                                text,
                                () -> RequestDigest
                                        .of(List.of("PUT directory", name.namespace().value(), name.key().value()), request.bytes())));
        try {
            return answer(
                    name,
                    generation,
                    puts.put(
                            new TreePuts.Put(
                                    name,
                                    new TreePuts.Source.Directory(body.sourceDir(), mode),
                                    described(body.description(), body.labels()),
                                    generation,
                                    copied(Optional.ofNullable(body.snapshotId()), generation),
                                    key)));
        } catch (IOException e) {
            throw notStored(name, body.sourceDir(), e);
        }
    }

    private Response archive(Request request, EntryName name) throws Exception {
        String encoding = request.header("Content-Encoding").orElse("identity");
        if (!encoding.equals("identity") && !ENCODINGS.containsKey(encoding)) {
            throw Problem
                    .of(
                            ProblemType.UNSUPPORTED_MEDIA_TYPE,
                            "Content-Encoding: %s (expected: identity, zstd or gzip)".formatted(encoding))
                    .exception();
        }
        String description = request.query().text("description").orElse("");
        long generation = request.query().number("generation", 1, Long.MAX_VALUE).orElse(0L);
        Optional<SnapshotId> copied = copied(request.query().text("snapshotId").map(SnapshotId::new), generation);
        boolean strict = request.query().flag("strict").orElse(false);
        Optional<String> given = DirectoryRoutes.idempotencyKey(request);
        InputStream stream = new PacedStream(request.stream(), pace, System::nanoTime);
        Optional<RequestKey> key = Optional.empty();
        if (given.isPresent()) {
            List<String> parts = new ArrayList<>(
                    List.of("PUT archive", name.namespace().value(), name.key().value(), description, Long.toString(generation)));
            copied.ifPresent(image -> parts.add(image.value()));
            if (strict) {
                parts.add("strict");
            }
            DigestInputStream counted = RequestDigest.streamed(parts, stream);
            stream = counted;
            key = Optional.of(new RequestKey(given.get(), () -> RequestDigest.end(counted)));
        }
        @Nullable
        Packing packing = ENCODINGS.getOrDefault(encoding, PACKED_TYPES.get(request.mediaType()));
        InputStream body = packing == null ? stream : new PackedStream(stream, packing);
        try {
            return answer(
                    name,
                    generation,
                    puts.put(
                            new TreePuts.Put(
                                    name,
                                    new TreePuts.Source.Archive(body, strict),
                                    Description.of(description),
                                    generation,
                                    copied,
                                    key)));
        } catch (PosixException e) {
            throw notStored(name, "an archive", e);
        }
    }

    private static Optional<SnapshotId> copied(Optional<SnapshotId> image, long generation) {
        if (image.isPresent() && generation == 0) {
            throw new InvalidValueException("snapshotId", image.get(), "only beside a generation");
        }
        return image;
    }

    /** Returns the answer to a put that the disk or the store refused. Logs the stack trace, because the answer alone does not tell the cause. */
    private static ProblemException notStored(EntryName name, String from, IOException cause) {
        LOG.warn("{}/{}: not stored, from {}", name.namespace(), name.key(), from, cause);
        return HostProblems.notStored(String.valueOf(cause.getMessage()));
    }

    private static Description described(@Nullable String text, @Nullable SortedMap<String, String> labels) {
        return new Description(text == null ? "" : text, labels == null ? new TreeMap<>() : labels);
    }

    private static long generation(long given) {
        if (given < 1) {
            throw new InvalidValueException("generation", given, "1 or more");
        }
        return given;
    }

    private Response answer(EntryName name, long generation, TreePuts.Result result) {
        PutOutcome.Stored stored = HostProblems.stored(host, name, generation, result);
        if (!(result instanceof TreePuts.Result.Settled(var path, var sizeBytes, var notKept, var left, var _))) {
            throw new IllegalStateException("a stored tree is a settled put: " + result);
        }
        return Response
                .ok(
                        new CachedDirectories.Stored(
                                path.toString(),
                                stored.snapshotId(),
                                stored.generation(),
                                sizeBytes,
                                stored.evicted(),
                                byWord(notKept),
                                left.map(source -> new CachedDirectories.SourceLeft(source.whole(), source.path(), source.why()))
                                        .orElse(null)));
    }

    private static SortedMap<String, Long> byWord(Map<NotKept, Long> notKept) {
        SortedMap<String, Long> byWord = new TreeMap<>();
        notKept.forEach((kind, entries) -> byWord.put(kind.word(), entries));
        return byWord;
    }
}
