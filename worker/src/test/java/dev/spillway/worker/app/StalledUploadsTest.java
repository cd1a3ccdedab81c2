package dev.spillway.worker.app;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** Uploads that stop in the middle of their body, as those of clients whose machine sleeps. */
@Timeout(300)
class StalledUploadsTest extends CacheOfBuilds {
    private static final int MIB = 1 << 20;
    private static final int STALLED = 240;

    private final byte[] content = new byte[MIB];
    private final List<Socket> stalled = new ArrayList<>();

    @AfterEach
    void hangUp() throws IOException {
        for (Socket socket : stalled) {
            socket.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MIB - 1})
    void smallPutsGoThroughBesideManyThatDoNotSend(int sent) throws Exception {
        new Random(1).nextBytes(content);
        for (int number = 0; number < STALLED; number++) {
            Socket socket = new Socket(worker.uri("/").getHost(), worker.uri("/").getPort());
            stalled.add(socket);
            socket.getOutputStream()
                    .write(
                            ("PUT " + CACHE + "stalled" + number + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
                                    + MIB
                                    + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(content, 0, sent);
        }
        eventually(() -> inside() >= STALLED);
        for (int number = 0; number < 20; number++) {
            assertThat(status("PUT", CACHE + "small" + number, "object " + number)).isEqualTo(201);
            assertThat(send("GET", CACHE + "small" + number, "").body()).isEqualTo("object " + number);
        }
        for (int number : new int[]{0, STALLED - 1}) {
            Socket socket = stalled.get(number);
            socket.getOutputStream().write(content, sent, MIB - sent);
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 201");
            try (InputStream got = worker.uri(CACHE + "stalled" + number).toURL().openStream()) {
                assertThat(Arrays.equals(got.readAllBytes(), content)).isTrue();
            }
        }
    }

    /** Returns how many requests are worked on or wait for that. */
    private double inside() throws Exception {
        return send("GET", "/metrics", "").body()
                .lines()
                .filter(line -> line.startsWith("http_server_requests_inside"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }
}
