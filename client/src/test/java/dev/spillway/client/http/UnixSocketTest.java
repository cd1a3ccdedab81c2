package dev.spillway.client.http;

import dev.spillway.events.codec.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests the client against a server on a Unix socket that keeps connections, or closes each after its answer. */
class UnixSocketTest {
    record Answered(boolean done) {}

    @TempDir
    private Path folder;
    private final JsonClient client = new JsonClient(Json.tolerant(), Duration.ofSeconds(2), 1_000, ClientSecurity.NONE);
    private final AtomicInteger connections = new AtomicInteger();
    private ServerSocketChannel server;
    private volatile boolean closesAfterAnswer;

    @BeforeEach
    void start() throws IOException {
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(folder.resolve("s")));
        Thread.ofVirtual().start(() -> {
            while (server.isOpen()) {
                try {
                    SocketChannel accepted = server.accept();
                    connections.incrementAndGet();
                    Thread.ofVirtual().start(() -> serve(accepted));
                } catch (IOException e) {
                    return;
                }
            }
        });
    }

    private void serve(SocketChannel channel) {
        try (channel) {
            var in = Channels.newInputStream(channel);
            do {
                var request = new ByteArrayOutputStream();
                while (!request.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
                    int next = in.read();
                    if (next < 0) {
                        return;
                    }
                    request.write(next);
                }
                channel.write(
                        ByteBuffer
                                .wrap("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"done\":true}".getBytes(StandardCharsets.US_ASCII)));
            } while (!closesAfterAnswer);
        } catch (IOException e) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        server.close();
    }

    private Outcome<Answered> get() throws InterruptedException {
        return client.send(
                ServerAddress.unix(folder.resolve("s")),
                new Call("GET", "/x", Optional.empty(), Map.of(), Set.of(), Duration.ofSeconds(20)),
                Answered.class);
    }

    private static long openFiles() throws IOException {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }

    @Test
    void aConnectionServesManyRequests() throws Exception {
        for (int request = 0; request < 100; request++) {
            assertThat(get()).isEqualTo(new Outcome.Answer<>(200, new Answered(true)));
        }
        assertThat(connections).hasValue(1);
    }

    @Test
    void connectionsThatTheServerClosesAreReplacedAndLeaveNothingOpen() throws Exception {
        closesAfterAnswer = true;
        assertThat(get()).isInstanceOf(Outcome.Answer.class);
        long before = openFiles();
        for (int request = 0; request < 200; request++) {
            assertThat(get()).isEqualTo(new Outcome.Answer<>(200, new Answered(true)));
        }
        assertThat(connections).hasValue(201);
        // The server closes its ends in other threads, perhaps later.
        long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
        while (openFiles() >= before + 20 && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(openFiles()).isLessThan(before + 20);
    }

    @Test
    void aSocketThatIsNotThereIsSurelyNotDone() throws Exception {
        assertThat(
                client.send(
                        ServerAddress.unix(folder.resolve("none")),
                        new Call("POST", "/x", Optional.empty(), Map.of(), Set.of(), Duration.ofSeconds(20)),
                        Answered.class))
                .isInstanceOfSatisfying(
                        Outcome.Unreachable.class,
                        unreachable -> assertThat(unreachable.why()).endsWith("none/x: not reachable: no such socket"));
    }

    @Test
    void addressesAreReadAsTheyAreWritten() {
        assertThat(ServerAddress.parse("127.0.0.1:7070")).isEqualTo(new ServerAddress.Tcp("127.0.0.1", 7070, false))
                .hasToString("http://127.0.0.1:7070");
        assertThat(ServerAddress.parse("HTTPS://[::1]:7070/")).isEqualTo(new ServerAddress.Tcp("::1", 7070, true))
                .hasToString("https://[::1]:7070");
        assertThat(ServerAddress.parse("unix:/a/b")).isEqualTo(new ServerAddress.Unix(Path.of("/a/b"))).hasToString("unix:/a/b");
        for (String wrong : new String[]{"", "a", "a:0", "a:70000", "http://a:1/x", "a:1?b", "u@a:1", "unix:b"}) {
            assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> ServerAddress.parse(wrong))).as(wrong)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("address: " + wrong + " (expected: ");
        }
    }
}
