package dev.spillway.worker.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.api.body.Pagers;
import dev.spillway.api.body.Pagers.Allocate;
import dev.spillway.api.body.Pagers.Capture;
import dev.spillway.api.body.Pagers.Captured;
import dev.spillway.api.body.Pagers.Create;
import dev.spillway.api.body.Pagers.Fork;
import dev.spillway.api.body.Pagers.Install;
import dev.spillway.api.body.Pagers.Own;
import dev.spillway.api.body.Pagers.Owned;
import dev.spillway.api.body.Pagers.Pager;
import dev.spillway.api.body.Pagers.Pages;
import dev.spillway.api.body.Pagers.Quiesce;
import dev.spillway.api.body.Pagers.Restore;
import dev.spillway.api.body.Pagers.Restored;
import dev.spillway.api.body.Pagers.Sequence;
import dev.spillway.api.body.Pagers.Verification;
import dev.spillway.api.body.Pagers.Verified;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.pager.PagePool;
import dev.spillway.pager.PagerRefusedException;
import dev.spillway.pager.PagerRefusedException.Reason;
import dev.spillway.pager.Snapshot;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Paging;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.host.directory.Directories;
import dev.spillway.worker.host.directory.TreePuts;
import dev.spillway.worker.host.pager.HostPagers;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Routes for KV pagers. Pages and states are sent as raw bytes; several pages follow each other in the order in which the request names them. */
final class PagerRoutes {
    private static final String BYTES = "application/octet-stream";
    private static final long WRITTEN_BYTES_MAX = 16L << 30;
    private static final int PAGES_MAX = 65_536;
    private static final long SEQUENCES_JSON_MAX = 64 << 20;
    private static final int STATE_SLOTS = 256;
    private static final int SAVES = 64;
    private static final Duration PAUSE = Duration.ofSeconds(10);
    private static final Duration PAUSE_MAX = Duration.ofMinutes(1);
    private static final long ROOM_OF_HEAP = 4;
    private static final Duration ROOM_WITHIN = Duration.ofSeconds(30);

    private final HostId host;
    private final HostPagers pagers;
    private final Directories directories;
    private final PageRoom room = new PageRoom(Runtime.getRuntime().maxMemory() / ROOM_OF_HEAP, ROOM_WITHIN);

    PagerRoutes(HostId host, HostPagers pagers, Directories directories) {
        this.host = host;
        this.pagers = pagers;
        this.directories = directories;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.of(WorkerApi.CREATE_PAGER, this::create).json(),
                Endpoint.of(WorkerApi.LIST_PAGERS, this::list),
                Endpoint.of(WorkerApi.GET_PAGER, request -> Response.ok(describe(open(request)))),
                Endpoint.of(WorkerApi.CLOSE_PAGER, this::close),
                Endpoint.of(WorkerApi.GET_OCCUPIED_PAGES, request -> Response.ok(new Pages(pool(request).occupiedPages()))),
                Endpoint.of(
                        WorkerApi.ALLOCATE_PAGES,
                        request -> Response.ok(new Pages(pool(request).allocatePages(request.body(Allocate.class).count())))).json(),
                Endpoint.of(WorkerApi.FREE_PAGES, this::free).json(SEQUENCES_JSON_MAX),
                Endpoint.of(WorkerApi.READ_PAGES, this::read),
                Endpoint.of(WorkerApi.WRITE_PAGES, this::write).stream(WRITTEN_BYTES_MAX, List.of(BYTES)),
                Endpoint.of(WorkerApi.LIST_SEQUENCES, this::sequences),
                Endpoint.of(WorkerApi.INSTALL_SEQUENCES, this::install).json(SEQUENCES_JSON_MAX),
                Endpoint.of(WorkerApi.REMOVE_SEQUENCE, this::remove),
                Endpoint.of(
                        WorkerApi.FORK_SEQUENCE,
                        request -> Response.json(201, pool(request).fork(sequence(request), request.body(Fork.class).id()))).json(),
                Endpoint.of(
                        WorkerApi.OWN_PAGE,
                        request -> Response.ok(new Owned(pool(request).ownPage(sequence(request), request.body(Own.class).position()))))
                        .json(),
                Endpoint.of(WorkerApi.READ_STATE, this::readState),
                Endpoint.of(WorkerApi.WRITE_STATE, this::writeState).stream(WRITTEN_BYTES_MAX, List.of(BYTES)),
                Endpoint.of(WorkerApi.QUIESCE_PAGER, this::quiesce).json(),
                Endpoint.of(WorkerApi.RESUME_PAGER, this::resume),
                Endpoint.of(WorkerApi.DETACH_ENGINE, this::detach),
                Endpoint.of(WorkerApi.CAPTURE_PAGER, this::capture).json(),
                Endpoint.of(WorkerApi.RESTORE_PAGER, this::restore).json(),
                Endpoint.of(WorkerApi.VERIFY_SNAPSHOT, this::verify),
                Endpoint.of(WorkerApi.GET_VERIFICATION, this::verification));
    }

    private static String name(Request request) {
        return request.parameter("pager", dev.spillway.api.body.Pagers::requireName);
    }

    private HostPagers.Open open(Request request) {
        String name = name(request);
        return pagers.find(name).orElseThrow(() -> HostProblems.unknownPager(name));
    }

    private PagePool pool(Request request) {
        return open(request).pool();
    }

    private static String sequence(Request request) {
        return request.parameter("sequence");
    }

    private Response create(Request request) throws IOException {
        Create create = request.body(Create.class);
        String name = Pagers.requireName(create.name());
        boolean file = create.file() != null && create.file();
        PagePool.Size size = new PagePool.Size(
                create.pages(),
                create.meta().states().isEmpty() ? 0 : or(create.sequences(), STATE_SLOTS),
                file ? or(create.saves(), SAVES) : 0,
                create.checksums() == null || create.checksums());
        try {
            return Response.json(201, describe(pagers.create(name, create.meta(), size, file)));
        } catch (PagerRefusedException e) {
            throw e.reason() == Reason.EXISTS ? Problem.of(ProblemType.PAGER_EXISTS, String.valueOf(e.getMessage())).exception() : e;
        }
    }

    private static int or(@Nullable Integer given, int otherwise) {
        return given == null ? otherwise : given;
    }

    private Pager describe(HostPagers.Open open) {
        PagePool pool = open.pool();
        return new Pager(
                open.name(),
                pool.meta(),
                pool.meta().layout(),
                pool.pageCount(),
                pool.freePageCount(),
                pool.sequenceCount(),
                open.bytes(),
                pool.file().map(Path::toString).orElse(null),
                pool.isPaused(),
                pagers.work(open).orElse(null));
    }

    private Response list(Request request) {
        Paging paging = Paging.of(request, "pagers");
        List<HostPagers.Open> found = pagers.list(paging.after() == null ? "" : paging.after(), paging.limit() + 1);
        return Response.ok(paging.page(found, HostPagers.Open::name, this::describe));
    }

    private Response close(Request request) {
        String name = name(request);
        if (!pagers.close(name)) {
            throw HostProblems.unknownPager(name);
        }
        return Response.noContent();
    }

    private Response free(Request request) {
        pool(request).freePages(request.body(Pages.class).pages());
        return Response.noContent();
    }

    private static List<Integer> pages(Request request) {
        return request.query()
                .value("pages", PagerRoutes::pages)
                .orElseThrow(() -> new InvalidValueException("pages", "", "numbers and ranges of pages, such as 0,4-9"));
    }

    private static List<Integer> pages(String text) {
        List<Integer> pages = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            String[] ends = part.split("-", 2);
            int first = page(text, ends[0]);
            int last = page(text, ends[ends.length - 1]);
            if (first > last || last - first >= PAGES_MAX - pages.size()) {
                throw new InvalidValueException("pages", part, "ascending ranges of at most " + PAGES_MAX + " pages together");
            }
            IntStream.rangeClosed(first, last).forEach(pages::add);
        }
        return pages;
    }

    private static int page(String text, String number) {
        if (!number.matches("[0-9]{1,10}") || Long.parseLong(number) > Integer.MAX_VALUE) {
            throw new InvalidValueException("pages", text, "numbers and ranges of pages, such as 0,4-9");
        }
        return Integer.parseInt(number);
    }

    private Response read(Request request) throws InterruptedException {
        PagePool pool = pool(request);
        List<Integer> pages = pages(request);
        long pageBytes = pool.meta().page().bytes();
        // Reads the first page before the answer begins, so that a refusal can still have its own status.
        return sent(pages.size() * pageBytes, pageBytes, first -> pool.readPage(pages.getFirst(), first), (out, page) -> {
            out.write(page);
            for (int number : pages.subList(1, pages.size())) {
                pool.readPage(number, ByteBuffer.wrap(page));
                out.write(page);
            }
        });
    }

    private interface Body {
        void write(OutputStream out, byte[] buffer) throws IOException;
    }

    /** Sends a body through one buffer, whose room is given back when all is sent. */
    private Response sent(long length, long bufferBytes, Consumer<ByteBuffer> first, Body body) throws InterruptedException {
        PageRoom.Taken taken = room.take(bufferBytes);
        boolean answered = false;
        try {
            byte[] buffer = new byte[Math.toIntExact(bufferBytes)];
            first.accept(ByteBuffer.wrap(buffer));
            Response response = Response.stream(BYTES, new Response.StreamedBody() {
                @Override
                public void writeTo(OutputStream out) throws IOException {
                    body.write(out, buffer);
                }

                @Override
                public void close() {
                    taken.close();
                }
            }).header("Content-Length", Long.toString(length));
            answered = true;
            return response;
        } finally {
            if (!answered) {
                taken.close();
            }
        }
    }

    private Response write(Request request) throws IOException, InterruptedException {
        PagePool pool = pool(request);
        List<Integer> pages = pages(request);
        long pageBytes = pool.meta().page().bytes();
        requireLength(request, pages.size() * pageBytes);
        InputStream body = request.stream();
        try (PageRoom.Taken _ = room.take(pageBytes)) {
            byte[] content = new byte[Math.toIntExact(pageBytes)];
            for (int page : pages) {
                readWhole(body, content);
                pool.writePage(page, ByteBuffer.wrap(content));
            }
        }
        return Response.noContent();
    }

    private static void requireLength(Request request, long bytes) {
        String announced = request.header("Content-Length").orElse("");
        if (!announced.equals(Long.toString(bytes))) {
            throw new InvalidValueException("Content-Length", announced, String.valueOf(bytes));
        }
    }

    private static void readWhole(InputStream body, byte[] content) throws IOException {
        if (body.readNBytes(content, 0, content.length) < content.length) {
            throw Problem.of(ProblemType.REQUEST_TIMEOUT, "the body ended early; pages that were whole before are written").exception();
        }
    }

    private Response sequences(Request request) {
        Paging paging = Paging.of(request, "sequences of a pager");
        String after = paging.after() == null ? "" : paging.after();
        List<Sequence> found = pool(request).sequenceSlots()
                .stream()
                .filter(one -> one.sequence().id().compareTo(after) > 0)
                .limit(paging.limit() + 1L)
                .map(one -> new Sequence(one.sequence().id(), one.sequence().pages(), one.sequence().lastPageTokens(), one.states()))
                .toList();
        return Response.ok(paging.page(found, Sequence::id, sequence -> sequence));
    }

    private Response install(Request request) throws InterruptedException {
        pool(request).installSequences(request.body(Install.class).sequences());
        return Response.noContent();
    }

    private Response remove(Request request) {
        pool(request).removeSequence(sequence(request));
        return Response.noContent();
    }

    private static long stateBytes(PagePool pool, String name) {
        return pool.meta()
                .states()
                .stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () -> Problem.of(ProblemType.UNKNOWN_IN_PAGER, "state pool: " + name + " (expected: one of the pager's)")
                                .exception())
                .bytes();
    }

    private Response readState(Request request) throws InterruptedException {
        PagePool pool = pool(request);
        String name = request.parameter("pool");
        long bytes = stateBytes(pool, name);
        return sent(bytes, bytes, state -> pool.readState(sequence(request), name, state), OutputStream::write);
    }

    private Response writeState(Request request) throws IOException, InterruptedException {
        PagePool pool = pool(request);
        String name = request.parameter("pool");
        long bytes = stateBytes(pool, name);
        requireLength(request, bytes);
        InputStream body = request.stream();
        try (PageRoom.Taken _ = room.take(bytes)) {
            byte[] content = new byte[Math.toIntExact(bytes)];
            readWhole(body, content);
            pool.writeState(sequence(request), name, ByteBuffer.wrap(content));
        }
        return Response.noContent();
    }

    private Response quiesce(Request request) throws InterruptedException {
        HostPagers.Open open = open(request);
        Duration within = Optional.ofNullable(request.body(Quiesce.class).within()).orElse(PAUSE);
        if (!within.isPositive() || within.compareTo(PAUSE_MAX) > 0) {
            throw new InvalidValueException("within", within, "more than 0 and at most " + PAUSE_MAX);
        }
        pagers.quiesce(open, within);
        return Response.noContent();
    }

    private Response resume(Request request) {
        pagers.resume(open(request));
        return Response.noContent();
    }

    private Response detach(Request request) throws InterruptedException {
        pool(request).detachEngine();
        return Response.noContent();
    }

    private Response capture(Request request) throws Exception {
        HostPagers.Open open = open(request);
        Capture capture = request.body(Capture.class);
        EntryName name = new EntryName(capture.namespace(), capture.key());
        HostPagers.Captured captured =
                pagers.capture(open, name, Description.of(capture.description() == null ? "" : capture.description()));
        PutOutcome.Stored stored = HostProblems.stored(host, name, 0, captured.put());
        if (!(captured.put() instanceof TreePuts.Result.Settled(var _, var sizeBytes, var _, var _, var _)) || captured.capture() == null) {
            throw new IllegalStateException("a stored capture is a settled put: " + captured.put());
        }
        Snapshot snapshot = captured.capture().snapshot();
        return Response.ok(
                new Captured(
                        stored.snapshotId(),
                        stored.generation(),
                        sizeBytes,
                        snapshot.sequences().size(),
                        snapshot.pages(),
                        captured.capture().pagesWritten(),
                        captured.capture().bytesWritten(),
                        Duration.ofNanos(captured.capture().pauseNanos()),
                        captured.capture().stayedPaused(),
                        stored.evicted()));
    }

    private Response restore(Request request) throws Exception {
        HostPagers.Open open = open(request);
        Restore restore = request.body(Restore.class);
        EntryName name = new EntryName(restore.namespace(), restore.key());
        return switch (pagers.restore(open, name, restore.fetch() == null || restore.fetch())) {
            case HostPagers.Restored.Done(var replica, var fromPeer, var sequences) ->
                    Response.ok(
                            new Restored(
                                    replica.snapshotId(),
                                    replica.generation(),
                                    fromPeer ? CachedDirectories.Source.PEER : CachedDirectories.Source.LOCAL,
                                    sequences));
            case HostPagers.Restored.NotFound(var found) -> {
                DirectoryRoutes.served(host, name, found);
                throw new IllegalStateException("a served entry is restored: " + found);
            }
        };
    }

    private static EntryName entry(Request request) {
        return new EntryName(request.parameter("namespace", NamespaceName::new), request.parameter("key", EntryKey::new));
    }

    private Response verification(Request request) {
        return Response.ok(new Verification(pagers.verification(entry(request)).orElse(null)));
    }

    private Response verify(Request request) throws Exception {
        EntryName name = entry(request);
        Directories.Found.Served served = DirectoryRoutes.served(host, name, directories.getToRead(name, false));
        Snapshot snapshot = pagers.verify(served);
        return Response
                .ok(
                        new Verified(
                                served.replica().snapshotId(),
                                served.replica().generation(),
                                snapshot.meta(),
                                snapshot.meta().layout(),
                                snapshot.pages(),
                                snapshot.sequences()));
    }
}
