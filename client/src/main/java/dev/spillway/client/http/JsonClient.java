package dev.spillway.client.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.api.json.IncomingJson;
import dev.spillway.api.json.UnreadableJsonException;
import dev.spillway.client.http.ConnectionPool.Connection;
import dev.spillway.client.http.Deadlines.Deadline;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serial;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.impl.io.HttpRequestExecutor;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.ByteBufferEntity;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.apache.hc.core5.http.protocol.HttpCoreContext;
import org.apache.hc.core5.http.protocol.HttpProcessor;
import org.apache.hc.core5.http.protocol.HttpProcessorBuilder;
import org.apache.hc.core5.http.protocol.RequestContent;
import org.jspecify.annotations.Nullable;

/**
 * Sends and reads JSON or {@link Content}. Blocks; for platform and virtual threads. A request is sent once; only a GET is sent again if its kept
 * connection turns out to be closed. Callers decide on further attempts by the outcome. Thread-safe.
 */
public final class JsonClient implements AutoCloseable {
    /** Message of a closed client. */
    static final String CLOSED = "the client is closed";

    private static final String JSON = "application/json";
    private static final HttpProcessor PROCESSOR = HttpProcessorBuilder.create().add(new RequestContent()).build();

    private final ObjectMapper mapper;
    private final long answerBytesMax;
    private final Deadlines deadlines = new Deadlines();
    private final ConnectionPool connections;
    private final @Nullable String token;
    private final HttpRequestExecutor executor = new HttpRequestExecutor();

    private record Received(int status, Optional<Duration> retryAfter, Content content) {
        byte[] bytes() {
            return content.bytes();
        }
    }

    /** Reads the body of an answer while it arrives. If it does not read all of it, the connection is closed. */
    @FunctionalInterface
    public interface BodyReader<T> {
        /** @param headers headers by name in lower case, one value each */
        T read(Map<String, String> headers, InputStream body) throws IOException, InterruptedException;
    }

    /** Turns an arriving answer into an outcome. */
    @FunctionalInterface
    private interface Reading<T> {
        Outcome<T> read(ClassicHttpResponse answer) throws IOException, InterruptedException;
    }

    /**
     * Creates a client with connections of its own.
     *
     * @param connectWithin  time limit for connecting; a server that does not accept the connection in time is unreachable
     * @param answerBytesMax size limit of an answer's body
     */
    public JsonClient(ObjectMapper mapper, Duration connectWithin, long answerBytesMax, ClientSecurity security) {
        this.mapper = mapper;
        this.answerBytesMax = answerBytesMax;
        this.token = security.token();
        this.connections = new ConnectionPool(connectWithin, deadlines, security.tls());
    }

    /** @throws IllegalStateException if this is closed */
    public void requireOpen() {
        if (isClosed()) {
            throw new IllegalStateException(CLOSED);
        }
    }

    boolean isClosed() {
        return connections.isClosed();
    }

    /** Returns the mapper for the bodies of requests and answers. */
    public ObjectMapper mapper() {
        return mapper;
    }

    /** Does the same as {@link #send(ServerAddress, Call, JavaType)}. */
    public <T> Outcome<T> send(ServerAddress server, Call call, Class<T> type) throws InterruptedException {
        return send(server, call, mapper.constructType(type));
    }

    /**
     * Sends a request and waits for its outcome.
     *
     * @param type type of the answer's body; {@link NoContent} if it is not read
     * @throws InterruptedException     when the caller is interrupted; the outcome is then unknown
     * @throws IllegalArgumentException if the body cannot be written as JSON
     */
    public <T> Outcome<T> send(ServerAddress server, Call call, JavaType type) throws InterruptedException {
        return exchange(server, call, deadlines.after(call.timeout()), answer -> read(called(server, call), call, received(answer), type));
    }

    /**
     * Sends a request and passes the body of its answer to a reader. If a GET is sent again, the reader is called again from the beginning.
     *
     * @throws InterruptedException when the caller is interrupted; the outcome is then unknown
     */
    public <T> Outcome<T> receive(ServerAddress server, Call call, BodyReader<T> reader) throws InterruptedException {
        return receive(server, call, deadlines.after(call.timeout()), reader);
    }

    /**
     * Does the same as {@link #receive(ServerAddress, Call, BodyReader)}, but gives a silent server up before the call's time is over.
     *
     * @param silence time limit of each wait for bytes of the answer; the time that the reader needs between them does not count
     */
    public <T> Outcome<T> receive(ServerAddress server, Call call, Duration silence, BodyReader<T> reader) throws InterruptedException {
        return receive(server, call, deadlines.after(call.timeout(), silence), reader);
    }

    private <T> Outcome<T> receive(ServerAddress server, Call call, Deadline deadline, BodyReader<T> reader) throws InterruptedException {
        return exchange(server, call, deadline, answer -> {
            if (answer.getCode() >= 400) {
                deadline.waits();
                return new Outcome.Refused<>(Problem.read(mapper, answer.getCode(), bounded(answer), retryAfter(answer)));
            }
            InputStream content = answer.getEntity() == null ? InputStream.nullInputStream() : answer.getEntity().getContent();
            AwaitedStream body = new AwaitedStream(content, deadline);
            T result = reader.read(headers(answer), body);
            if (answer.getEntity() != null && !body.isWhole(answer.getEntity().getContentLength())) {
                // The rest of the body would be taken for the next answer.
                answer.setHeader("Connection", "close");
            }
            return new Outcome.Answer<>(answer.getCode(), result);
        });
    }

    /** Tells a deadline when it waits for bytes. Used by one thread. */
    private static final class AwaitedStream extends FilterInputStream {
        private final Deadline deadline;
        private long bytes;
        private boolean ended;

        AwaitedStream(InputStream stream, Deadline deadline) {
            super(stream);
            this.deadline = deadline;
        }

        @Override
        public int read() throws IOException {
            deadline.waits();
            try {
                int read = in.read();
                count(read < 0 ? -1 : 1);
                return read;
            } finally {
                deadline.goesOn();
            }
        }

        @Override
        public int read(byte[] target, int start, int count) throws IOException {
            deadline.waits();
            try {
                int read = in.read(target, start, count);
                count(read);
                return read;
            } finally {
                deadline.goesOn();
            }
        }

        @Override
        public long skip(long count) throws IOException {
            deadline.waits();
            try {
                long skipped = in.skip(count);
                count(skipped);
                return skipped;
            } finally {
                deadline.goesOn();
            }
        }

        private void count(long read) {
            ended |= read < 0;
            bytes += Math.max(0, read);
        }

        /** @param length length of the body; negative if it is not known */
        boolean isWhole(long length) {
            return length < 0 ? ended : bytes >= length;
        }
    }

    private static String called(ServerAddress server, Call call) {
        return call.method() + " " + server + call.path();
    }

    private <T> Outcome<T> exchange(ServerAddress server, Call call, Deadline limit, Reading<T> reading) throws InterruptedException {
        String what = called(server, call);
        try (Deadline deadline = limit) {
            BasicClassicHttpRequest request = request(server, call);
            Connection connection = connections.kept(server);
            if (connection != null) {
                try {
                    return receive(request, connection, deadline, reading);
                } catch (IOException | HttpException e) {
                    if (e instanceof AnswerTooLargeException || !call.isRead() || deadline.expired() != null
                            || Thread.currentThread().isInterrupted()) {
                        return unknown(server, call, deadline, e);
                    }
                }
            }
            try {
                connection = connections.connect(server);
            } catch (ClosedByInterruptException e) {
                throw interrupted(what);
            } catch (IOException e) {
                return new Outcome.Unreachable<>(what + ": not reachable: " + ConnectionFailure.inWords(e));
            }
            try {
                return receive(request(server, call), connection, deadline, reading);
            } catch (IOException | HttpException e) {
                return unknown(server, call, deadline, e);
            }
        }
    }

    private static <T> Outcome<T> unknown(ServerAddress server, Call call, Deadline deadline, Exception e) throws InterruptedException {
        String what = called(server, call);
        if (e instanceof AnswerTooLargeException && call.isRead()) {
            return new Outcome.Refused<>(Problem.of(ProblemType.TOO_LARGE, String.valueOf(e.getMessage())));
        }
        if (Thread.interrupted()) {
            throw interrupted(what);
        }
        Duration over = deadline.expired();
        return new Outcome.Unknown<>(
                over != null ? what + ": no answer in " + over
                        : what + ": sent, no answer: " + ConnectionFailure.inWords(server, e));
    }

    private static InterruptedException interrupted(String what) {
        var _ = Thread.interrupted();
        return new InterruptedException(what + ": interrupted");
    }

    private <T> Outcome<T> receive(BasicClassicHttpRequest request, Connection connection, Deadline deadline, Reading<T> reading)
            throws IOException, HttpException, InterruptedException {
        boolean whole = false;
        try {
            deadline.guard(connection.channel);
            HttpCoreContext context = HttpCoreContext.create();
            executor.preProcess(request, PROCESSOR, context);
            deadline.waits();
            ClassicHttpResponse response = executor.execute(request, connection.http, context);
            deadline.goesOn();
            Outcome<T> outcome = reading.read(response);
            whole = executor.keepAlive(request, response, connection.http, context);
            return outcome;
        } finally {
            deadline.unguard();
            if (whole) {
                connections.keep(connection);
            } else {
                connections.discard(connection);
            }
        }
    }

    private Received received(ClassicHttpResponse response) throws IOException {
        return new Received(response.getCode(), retryAfter(response), new Content(bounded(response), headers(response)));
    }

    private byte[] bounded(ClassicHttpResponse response) throws IOException {
        if (response.getEntity() == null) {
            return new byte[0];
        }
        InputStream body = response.getEntity().getContent();
        long announced = response.getEntity().getContentLength();
        byte[] bytes = announced > answerBytesMax ? new byte[0] : body.readNBytes(Math.toIntExact(answerBytesMax + 1));
        if (announced > answerBytesMax || bytes.length > answerBytesMax) {
            throw new AnswerTooLargeException(answerBytesMax);
        }
        body.close();
        return bytes;
    }

    /** Thrown for an answer that exceeds the size limit of this client. A retry would not help. */
    private static final class AnswerTooLargeException extends IOException {
        @Serial
        private static final long serialVersionUID = 1L;

        AnswerTooLargeException(long bytesMax) {
            super("answer: over %d bytes (expected: at most that, which is the client's answerBytesMax)".formatted(bytesMax));
        }
    }

    /**
     * Begins to receive an answer that is read while it arrives, such as a stream of events. It has no time limit; the reader must close it.
     *
     * @throws InterruptedException when the caller is interrupted
     */
    public Outcome<InputStream> open(ServerAddress server, Call call) throws InterruptedException {
        String what = called(server, call);
        Connection connection;
        try {
            connection = connections.connect(server);
        } catch (ClosedByInterruptException e) {
            throw interrupted(what);
        } catch (IOException e) {
            return new Outcome.Unreachable<>(what + ": not reachable: " + ConnectionFailure.inWords(e));
        }
        try (Deadline deadline = deadlines.after(call.timeout())) {
            deadline.guard(connection.channel);
            try {
                BasicClassicHttpRequest request = request(server, call);
                HttpCoreContext context = HttpCoreContext.create();
                executor.preProcess(request, PROCESSOR, context);
                ClassicHttpResponse response = executor.execute(request, connection.http, context);
                if (response.getCode() >= 400) {
                    byte[] bytes = bounded(response);
                    connections.discard(connection);
                    return new Outcome.Refused<>(Problem.read(mapper, response.getCode(), bytes, retryAfter(response)));
                }
                return new Outcome.Answer<>(response.getCode(), new AnswerStream(response, () -> connections.discard(connection)));
            } catch (IOException | HttpException e) {
                connections.discard(connection);
                return unknown(server, call, deadline, e);
            }
        }
    }

    private BasicClassicHttpRequest request(ServerAddress server, Call call) {
        BasicClassicHttpRequest request = new BasicClassicHttpRequest(call.method(), call.path());
        request.setHeader("Host", server.authority());
        request.setHeader("Accept", JSON);
        if (token != null) {
            request.setHeader("Authorization", "Bearer " + token);
        }
        call.headers().forEach(request::setHeader);
        call.body()
                .map(body -> switch (body) {
                    case Content content -> new ByteArrayEntity(content.bytes(), ContentType.APPLICATION_OCTET_STREAM);
                    case ByteBuffer bytes when bytes.hasArray() ->
                            new ByteArrayEntity(
                                    bytes.array(),
                                    bytes.arrayOffset() + bytes.position(),
                                    bytes.remaining(),
                                    ContentType.APPLICATION_OCTET_STREAM);
                    case ByteBuffer bytes -> new ByteBufferEntity(bytes.duplicate(), ContentType.APPLICATION_OCTET_STREAM);
                    default -> new ByteArrayEntity(written(body), ContentType.parse(JSON));
                })
                .ifPresent(request::setEntity);
        return request;
    }

    private byte[] written(Object body) {
        try {
            return mapper.writeValueAsBytes(body);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("body: " + body.getClass().getSimpleName() + " (expected: what can be written as JSON)", e);
        }
    }

    private <T> Outcome<T> read(String what, Call call, Received answer, JavaType type) {
        if (answer.status() >= 400 && !call.answers().contains(answer.status())) {
            return new Outcome.Refused<>(Problem.read(mapper, answer.status(), answer.bytes(), answer.retryAfter()));
        }
        if (type.hasRawClass(NoContent.class)) {
            return new Outcome.Answer<>(answer.status(), mapper.convertValue(new NoContent(), type));
        }
        if (type.hasRawClass(Content.class)) {
            return new Outcome.Answer<>(answer.status(), content(answer));
        }
        try {
            return new Outcome.Answer<>(answer.status(), IncomingJson.read(mapper, answer.bytes(), type));
        } catch (UnreadableJsonException e) {
            return new Outcome.Unknown<>("%s: answered %d with what cannot be read: %s".formatted(what, answer.status(), e.getMessage()));
        }
    }

    /** Returns the content as the requested type, which is {@link Content}. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T> T content(Received answer) {
        return (T) answer.content();
    }

    private static Map<String, String> headers(ClassicHttpResponse answer) {
        Map<String, String> headers = new HashMap<>();
        for (Header header : answer.getHeaders()) {
            headers.put(header.getName().toLowerCase(Locale.ROOT), header.getValue());
        }
        return Map.copyOf(headers);
    }

    private static Optional<Duration> retryAfter(ClassicHttpResponse answer) {
        return Optional.ofNullable(answer.getFirstHeader("Retry-After"))
                .map(Header::getValue)
                .filter(text -> text.matches("[0-9]{1,9}"))
                .map(text -> Duration.ofSeconds(Long.parseLong(text)));
    }

    /** Closes all connections and fails running requests. */
    @Override
    public void close() {
        connections.close();
        deadlines.close();
    }
}
