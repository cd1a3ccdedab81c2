package dev.spillway.bench.http;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntFunction;
import javax.net.SocketFactory;

/** One request repeatedly, each caller on a kept connection of its own, as wrk does. */
final class Exchange implements Load {
    private final String host;
    private final int port;
    private final IntFunction<Requests> requests;
    private final SocketFactory sockets;
    private final LongAdder answered = new LongAdder();

    /** The bytes of a caller's next request. */
    @FunctionalInterface
    interface Requests {
        byte[] next();
    }

    Exchange(String address, IntFunction<Requests> requests) {
        this(address, requests, SocketFactory.getDefault());
    }

    /** @param sockets creates sockets, with TLS if the server uses it */
    Exchange(String address, IntFunction<Requests> requests, SocketFactory sockets) {
        this.sockets = sockets;
        int colon = address.lastIndexOf(':');
        this.host = address.substring(0, colon);
        this.port = Integer.parseInt(address.substring(colon + 1));
        this.requests = requests;
    }

    static Exchange get(String address, String path) {
        byte[] request = "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n".formatted(path).getBytes(StandardCharsets.US_ASCII);
        return new Exchange(address, caller -> () -> request);
    }

    static byte[] put(String path, String body) {
        return "PUT %s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(path, body.length(), body)
                .getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void prepare() {
        answered.reset();
    }

    @Override
    public MeasuredOperation caller(int number) {
        try {
            return new Caller(sockets.createSocket(host, port), requests.apply(number));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void verify(long done) {
        if (answered.sum() != done) {
            throw new BenchmarkFailedException("%d answers of 200 to %d requests".formatted(answered.sum(), done));
        }
    }

    /** Sends one request and returns the body of its answer. */
    byte[] once() throws IOException {
        try (Caller caller = new Caller(sockets.createSocket(host, port), requests.apply(0))) {
            return caller.exchange();
        }
    }

    private final class Caller implements MeasuredOperation {
        private final Socket socket;
        private final InputStream in;
        private final Requests sent;

        Caller(Socket socket, Requests sent) throws IOException {
            this.socket = socket;
            this.sent = sent;
            socket.setTcpNoDelay(true);
            this.in = new BufferedInputStream(socket.getInputStream());
        }

        @Override
        public Outcome call() throws IOException {
            exchange();
            answered.increment();
            return Outcome.DONE;
        }

        byte[] exchange() throws IOException {
            socket.getOutputStream().write(sent.next());
            String status = line();
            long length = -1;
            for (String header = line(); !header.isEmpty(); header = line()) {
                if (header.regionMatches(true, 0, "content-length:", 0, 15)) {
                    length = Long.parseLong(header.substring(15).strip());
                }
            }
            byte[] body = in.readNBytes(Math.toIntExact(length));
            if (!status.startsWith("HTTP/1.1 200")) {
                throw new BenchmarkFailedException(status + ": " + new String(body, StandardCharsets.UTF_8) + " (expected: 200)");
            }
            return body;
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder(64);
            for (int next = in.read(); next != '\n'; next = in.read()) {
                if (next < 0) {
                    throw new IOException("the connection ended in the head of an answer");
                }
                if (next != '\r') {
                    line.append((char) next);
                }
            }
            return line.toString();
        }

        @Override
        public void close() {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
