package dev.spillway.client;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.spillway.api.Operation;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.RequestTarget;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.Page;
import dev.spillway.api.body.Pagers;
import dev.spillway.api.body.Pagers.Captured;
import dev.spillway.api.body.Pagers.Create;
import dev.spillway.api.body.Pagers.Pages;
import dev.spillway.api.body.Pagers.Restored;
import dev.spillway.api.body.Pagers.Verified;
import dev.spillway.client.http.Call;
import dev.spillway.client.http.NoContent;
import dev.spillway.client.http.Retries;
import dev.spillway.events.EntryKey;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.pager.CachePager;
import dev.spillway.pager.LogicalSequence;
import dev.spillway.pager.PagerMeta;
import dev.spillway.pager.PagerRefusedException;
import dev.spillway.pager.PagerRefusedException.Reason;
import dev.spillway.pager.StatePool;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A pager of the worker, which all processes that know its name share. Reads, writes of pages and states, {@link #ownPage}, {@link #resume} and
 * {@link #detachEngine} are retried until their outcome is known. Any other change is not retried once it may have been made; it ends with an
 * {@link OutcomeUnknownException}. If a method does not declare {@link InterruptedException}, an interrupted read throws a
 * {@link NotReachableException}, an interrupted change an {@link OutcomeUnknownException}, and the thread stays interrupted. Thread-safe.
 */
public final class RemoteCachePager implements CachePager {
    /** Longest pause, and the length of one by {@link #pause()}. The bound ensures that a crashed process does not stop the others forever. */
    public static final Duration PAUSE_MAX = Duration.ofMinutes(1);

    /** Time for which the worker lets a write wait for the end of a pause before it refuses. */
    private static final Duration WORKER_PATIENCE = Duration.ofSeconds(40);
    private static final int SEQUENCES_AT_ONCE = 100;
    private static final TypeReference<Page<LogicalSequence>> SEQUENCES = new TypeReference<>() {};
    private static final Pattern INVALID = Pattern.compile("(.+?): (.*) \\(expected: (.*)\\)", Pattern.DOTALL);

    private final String name;
    private final PagerMeta meta;
    private final Retries worker;
    private final Duration timeout;
    private final Duration copyTimeout;
    private volatile boolean closed;
    private volatile boolean closedThere;

    private RemoteCachePager(Pagers.Pager pager, Retries worker, Duration timeout, Duration copyTimeout) {
        this.name = pager.name();
        this.meta = pager.meta();
        this.worker = worker;
        this.timeout = timeout;
        this.copyTimeout = copyTimeout;
    }

    static RemoteCachePager open(String name, Retries worker, Duration timeout, Duration copyTimeout) throws InterruptedException {
        RequestTarget target = WorkerApi.GET_PAGER.at(Pagers.requireName(name));
        return new RemoteCachePager(typed(() -> worker.send(Call.of(target, timeout), Pagers.Pager.class)), worker, timeout, copyTimeout);
    }

    static RemoteCachePager create(Create create, Retries worker, Duration timeout, Duration copyTimeout) throws InterruptedException {
        Pagers.requireName(create.name());
        // Creating a large pager takes time, because all its memory is allocated at once.
        Call call = Call.of(WorkerApi.CREATE_PAGER.at(), copyTimeout).body(create);
        return new RemoteCachePager(typed(() -> worker.untilSent().send(call, Pagers.Pager.class)), worker, timeout, copyTimeout);
    }

    static Verified verify(NamespaceName namespace, EntryKey key, Retries worker, Duration copyTimeout) throws InterruptedException {
        Call call = Call.of(WorkerApi.VERIFY_SNAPSHOT.at(namespace, key), copyTimeout);
        try {
            return typed(() -> worker.send(call, Verified.class));
        } catch (OutcomeUnknownException e) {
            // The call changes nothing.
            throw new NotReachableException(String.valueOf(e.getMessage()));
        }
    }

    /** Asks the worker for something. */
    @FunctionalInterface
    private interface Asking<T> {
        T ask() throws InterruptedException;
    }

    private static <T> T typed(Asking<T> asking) throws InterruptedException {
        try {
            return asking.ask();
        } catch (ProblemException e) {
            throw typed(e);
        }
    }

    /** Returns the exception that a pager in this process would throw. */
    private static RuntimeException typed(ProblemException e) {
        Problem problem = e.problem();
        if (problem.type() == ProblemType.INVALID_VALUE) {
            Matcher invalid = INVALID.matcher(problem.detail());
            return invalid.matches() ? new InvalidValueException(invalid.group(1), invalid.group(2), invalid.group(3)) : e;
        }
        return Pagers.reason(problem.type()).<RuntimeException>map(reason -> new PagerRefusedException(reason, problem.detail())).orElse(e);
    }

    private <T> T ask(Asking<T> asking) throws InterruptedException {
        if (closed) {
            throw new PagerRefusedException(Reason.CLOSED, "pager %s: is closed".formatted(name));
        }
        return typed(asking);
    }

    private <T> T read(Asking<T> asking) {
        return uninterrupted(asking, NotReachableException::new);
    }

    private <T> T change(Asking<T> asking) {
        return uninterrupted(asking, OutcomeUnknownException::new);
    }

    private <T> T uninterrupted(Asking<T> asking, Function<String, RuntimeException> interrupted) {
        try {
            return ask(asking);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted.apply("pager %s: interrupted while the worker was asked".formatted(name));
        }
    }

    private Call call(Operation operation) {
        return Call.of(operation.at(name), timeout);
    }

    private Call call(Operation operation, String sequence) {
        return Call.of(operation.at(name, sequence), timeout);
    }

    /** Returns the same call with the time for which the worker lets a write wait. */
    private Call waiting(Call call) {
        return call.timeout(timeout.plus(WORKER_PATIENCE));
    }

    @Override
    public PagerMeta meta() {
        return meta;
    }

    /** Returns the worker's description of the pager, with the path of its file and its running work. */
    public Pagers.Pager describe() throws InterruptedException {
        return ask(() -> worker.send(call(WorkerApi.GET_PAGER), Pagers.Pager.class));
    }

    /** {@inheritDoc} The worker ends it after {@link #PAUSE_MAX}. */
    @Override
    public void pause() throws InterruptedException {
        pause(PAUSE_MAX);
    }

    /**
     * Pauses as {@link #pause()} does.
     *
     * @param within time after which the pause ends by itself; at most {@link #PAUSE_MAX}
     */
    public void pause(Duration within) throws InterruptedException {
        Call call = waiting(call(WorkerApi.QUIESCE_PAGER)).body(new Pagers.Quiesce(within));
        ask(() -> worker.untilSent().send(call, NoContent.class));
    }

    @Override
    public void resume() {
        change(() -> worker.send(call(WorkerApi.RESUME_PAGER), NoContent.class));
    }

    @Override
    public void detachEngine() throws InterruptedException {
        ask(() -> worker.send(waiting(call(WorkerApi.DETACH_ENGINE)), NoContent.class));
    }

    @Override
    public List<Integer> occupiedPages() {
        return read(() -> worker.send(call(WorkerApi.GET_OCCUPIED_PAGES), Pages.class)).pages();
    }

    /** {@inheritDoc} The list is read in several requests, so a change in between may or may not be in the list. */
    @Override
    public List<LogicalSequence> sequences() {
        return read(() -> {
            List<LogicalSequence> all = new ArrayList<>();
            String after = null;
            do {
                RequestTarget target = WorkerApi.LIST_SEQUENCES.at(name).with("limit", SEQUENCES_AT_ONCE).with("after", after);
                Page<LogicalSequence> page = worker.send(Call.of(target, timeout), SEQUENCES);
                all.addAll(page.items());
                after = page.next();
            } while (after != null);
            return List.copyOf(all);
        });
    }

    @Override
    public List<Integer> allocatePages(int count) {
        Call call = call(WorkerApi.ALLOCATE_PAGES).body(new Pagers.Allocate(count));
        return change(() -> worker.untilSent().send(call, Pages.class)).pages();
    }

    @Override
    public void freePages(List<Integer> pages) {
        Call call = call(WorkerApi.FREE_PAGES).body(new Pages(pages));
        change(() -> worker.untilSent().send(call, NoContent.class));
    }

    @Override
    public void readPage(int page, ByteBuffer into) {
        readPages(List.of(page), into);
    }

    /**
     * Reads pages, many per request.
     *
     * @param into receives exactly the bytes of the pages, one after the other; its position does not change
     */
    public void readPages(List<Integer> pages, ByteBuffer into) {
        requireLength("pages " + pages.size(), into, pages.size() * meta.page().bytes());
        for (PageRun run : PageRun.of(pages, into, meta.page().bytes())) {
            try {
                read(() -> receive(worker.untilSent(), run));
            } catch (NotReachableException e) {
                // If a later page is refused, the answer breaks off. Requested alone, the page gets a status.
                PageRun.each(run, meta.page().bytes()).forEach(one -> read(() -> receive(worker, one)));
            }
        }
    }

    private int receive(Retries asked, PageRun run) throws InterruptedException {
        Call call = Call.of(WorkerApi.READ_PAGES.at(name).with("pages", run.named()), timeout);
        return asked.receive(call, (headers, body) -> fill(headers.get("content-length"), body, run.content()));
    }

    private int fill(@Nullable String announced, InputStream body, ByteBuffer into) throws IOException {
        ByteBuffer rest = into.duplicate();
        if (!Integer.toString(rest.remaining()).equals(announced)) {
            throw new PagerRefusedException(
                    Reason.MISMATCH,
                    "pager %s: answers %s bytes (expected: %d, as of the pager that was opened)".formatted(
                            name,
                            announced,
                            rest.remaining()));
        }
        ReadableByteChannel channel = Channels.newChannel(body);
        while (rest.hasRemaining()) {
            if (channel.read(rest) < 0) {
                throw new EOFException("%d bytes (expected: %s)".formatted(rest.position() - into.position(), announced));
            }
        }
        body.close();
        return into.remaining();
    }

    @Override
    public void writePage(int page, ByteBuffer content) throws InterruptedException {
        writePages(List.of(page), content);
    }

    /**
     * Writes pages, many per request. After a refusal, the pages before the refused one may have been written.
     *
     * @param content exactly the bytes of the pages, one after the other; its position does not change
     */
    public void writePages(List<Integer> pages, ByteBuffer content) throws InterruptedException {
        requireLength("pages " + pages.size(), content, pages.size() * meta.page().bytes());
        for (PageRun run : PageRun.of(pages, content, meta.page().bytes())) {
            Call call = waiting(Call.of(WorkerApi.WRITE_PAGES.at(name).with("pages", run.named()), timeout)).body(run.content());
            ask(() -> worker.send(call, NoContent.class));
        }
    }

    private static void requireLength(String what, ByteBuffer buffer, long bytes) {
        if (buffer.remaining() != bytes) {
            throw new InvalidValueException(what + ": bytes", buffer.remaining(), String.valueOf(bytes));
        }
    }

    @Override
    public void installSequences(List<LogicalSequence> sequences) throws InterruptedException {
        Call call = waiting(call(WorkerApi.INSTALL_SEQUENCES)).body(new Pagers.Install(sequences));
        ask(() -> worker.untilSent().send(call, NoContent.class));
    }

    @Override
    public void removeSequence(String id) {
        change(() -> worker.untilSent().send(call(WorkerApi.REMOVE_SEQUENCE, id), NoContent.class));
    }

    @Override
    public LogicalSequence fork(String id, String newId) throws InterruptedException {
        Call call = waiting(call(WorkerApi.FORK_SEQUENCE, id)).body(new Pagers.Fork(newId));
        return ask(() -> worker.untilSent().send(call, LogicalSequence.class));
    }

    /** {@inheritDoc} Asked twice, it returns the same page. */
    @Override
    public int ownPage(String id, int position) throws InterruptedException {
        Call call = waiting(call(WorkerApi.OWN_PAGE, id)).body(new Pagers.Own(position));
        return ask(() -> worker.send(call, Pagers.Owned.class)).page();
    }

    @Override
    public void readState(String id, String pool, ByteBuffer into) {
        requireState(pool, into);
        Call call = Call.of(WorkerApi.READ_STATE.at(name, id, pool), timeout);
        read(() -> worker.receive(call, (headers, body) -> fill(headers.get("content-length"), body, into)));
    }

    @Override
    public void writeState(String id, String pool, ByteBuffer content) throws InterruptedException {
        requireState(pool, content);
        Call call = waiting(Call.of(WorkerApi.WRITE_STATE.at(name, id, pool), timeout)).body(content);
        ask(() -> worker.send(call, NoContent.class));
    }

    private void requireState(String pool, ByteBuffer buffer) {
        List<StatePool> named = meta.states().stream().filter(state -> state.name().equals(pool)).toList();
        if (named.isEmpty()) {
            throw new InvalidValueException("state pool", pool, meta.states().stream().map(StatePool::name).toList().toString());
        }
        requireLength("state " + pool, buffer, named.getFirst().bytes());
    }

    /**
     * Captures the pager and puts the snapshot under a key. The pause is short if an engine that maps the file saves pages before it overwrites them.
     *
     * @throws ProblemException if the snapshot is refused as an entry, for example because there is no such namespace
     */
    public Captured capture(String namespace, String key, String description) throws InterruptedException {
        Call call = Call.of(WorkerApi.CAPTURE_PAGER.at(name), copyTimeout)
                .body(new Pagers.Capture(new NamespaceName(namespace), new EntryKey(key), description));
        return ask(() -> worker.untilSent().send(call, Captured.class));
    }

    /**
     * Restores the sequences of a snapshot into free pages, all or none, after verifying every byte. A snapshot that this host does not have is
     * fetched from another.
     *
     * @throws ProblemException if there is no such entry
     */
    public Restored restore(String namespace, String key) throws InterruptedException {
        Call call = Call.of(WorkerApi.RESTORE_PAGER.at(name), copyTimeout)
                .body(new Pagers.Restore(new NamespaceName(namespace), new EntryKey(key), null));
        return ask(() -> worker.untilSent().send(call, Restored.class));
    }

    /** {@inheritDoc} It is closed at the worker, for all processes. After an {@link OutcomeUnknownException} it is safe to call close again. */
    @Override
    public void close() {
        closed = true;
        if (closedThere) {
            return;
        }
        try {
            worker.untilSent().send(call(WorkerApi.CLOSE_PAGER), NoContent.class);
        } catch (ProblemException e) {
            if (e.type() != ProblemType.UNKNOWN_PAGER) {
                throw e;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OutcomeUnknownException("pager %s: interrupted while it was closed".formatted(name));
        }
        closedThere = true;
    }
}
