package dev.spillway.worker.app;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** The protocol of ccache's storage helpers, byte for byte. */
@Timeout(300)
class CcacheHelperTest extends CacheOfBuilds {
    private static final byte[] KEY = HexFormat.of().parseHex("ab0123456789abcdef0123456789abcdef012345");
    private static final String PATH = "ab/0123456789abcdef0123456789abcdef012345";

    @BeforeEach
    void withSocket() throws Exception {
        worker.close();
        worker = worker(Map.of("ccache-namespace", "builds", "artifact-max-bytes", "1000"));
    }

    private Path socket() {
        return worker.data.resolve("ccache.sock");
    }

    private SocketChannel connect() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket()));
        assertThat(received(channel, 4)).isEqualTo("01020001");
        return channel;
    }

    /** Returns so many bytes in hex, or fewer if the worker closes. */
    private static String received(SocketChannel channel, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
            // More may come.
        }
        return HexFormat.of().formatHex(bytes.array(), 0, bytes.position());
    }

    private static void send(SocketChannel channel, byte[] request) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(request);
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static byte[] request(int operation, byte[] key) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeByte(operation);
        out.writeByte(key.length);
        out.write(key);
        return bytes.toByteArray();
    }

    private static byte[] put(int flags, long length, String value) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(request(1, KEY));
        bytes.write(flags);
        bytes.writeBytes(length(length));
        bytes.writeBytes(value.getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
    }

    private static byte[] length(long length) {
        return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder()).putLong(length).array();
    }

    private static String value(String text) {
        return "00" + HexFormat.of().formatHex(length(text.length())) + HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }

    private void assertValue(SocketChannel channel, String text) throws IOException {
        send(channel, request(0, KEY));
        assertThat(received(channel, 9 + text.length())).isEqualTo(value(text));
    }

    @Test
    void putGetAndRemoveOnOneConnection() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket()))).isEqualTo("rw-------");
        try (SocketChannel channel = connect()) {
            send(channel, request(0, KEY));
            assertThat(received(channel, 1)).isEqualTo("01");
            send(channel, put(0, 6, "object"));
            assertThat(received(channel, 1)).isEqualTo("00");
            assertValue(channel, "object");
            send(channel, put(0, 5, "other"));
            assertThat(received(channel, 1)).as("without overwrite").isEqualTo("01");
            assertValue(channel, "object");
            send(channel, put(1, 5, "other"));
            assertThat(received(channel, 1)).as("with overwrite").isEqualTo("00");
            assertValue(channel, "other");
            assertThat(send("GET", CACHE + PATH, "").body()).isEqualTo("other");
            send(channel, request(2, KEY));
            assertThat(received(channel, 1)).isEqualTo("00");
            send(channel, request(2, KEY));
            assertThat(received(channel, 1)).isEqualTo("01");
            send(channel, put(0, 0, ""));
            assertThat(received(channel, 1)).isEqualTo("00");
            assertValue(channel, "");
        }
    }

    @Test
    void nothingIsAnsweredFromAStoreThatIsGone() throws Exception {
        Path aside = worker.data.resolveSibling("aside");
        try (SocketChannel channel = connect()) {
            send(channel, put(0, 6, "object"));
            assertThat(received(channel, 1)).isEqualTo("00");
            assertValue(channel, "object");
            Files.move(worker.data, aside);
            eventually(() -> !answersFromStore(channel));
        } finally {
            Files.move(aside, worker.data);
        }
        eventually(() -> {
            try (SocketChannel channel = connect()) {
                return answersFromStore(channel);
            }
        });
    }

    private static boolean answersFromStore(SocketChannel channel) throws IOException {
        send(channel, request(0, KEY));
        String status = received(channel, 1);
        if (status.equals("00")) {
            received(channel, 8 + 6);
            return true;
        }
        assertThat(status).as("an error").isEqualTo("02");
        return false;
    }

    @Test
    void infoNamesTheWorkerAndAStopEndsOneConnection() throws Exception {
        try (SocketChannel channel = connect()) {
            send(channel, new byte[]{4});
            assertThat(received(channel, 17))
                    .isEqualTo("0f" + HexFormat.of().formatHex("Spillway worker".getBytes(StandardCharsets.UTF_8)) + "00");
            send(channel, new byte[]{3});
            assertThat(received(channel, 2)).isEqualTo("00");
        }
        try (SocketChannel channel = connect()) {
            assertThat(channel.isConnected()).isTrue();
        }
    }

    @Test
    void whatIsNoRequestEndsTheConnectionWithAReason() throws Exception {
        for (byte[] bad : new byte[][]{{9}, put(0, 1_001, ""), put(0, -1, ""), put(0, Long.MAX_VALUE, "")}) {
            try (SocketChannel channel = connect()) {
                send(channel, bad);
                assertThat(received(channel, 300)).startsWith("02").hasSizeGreaterThan(20);
            }
        }
        byte[] whole = put(0, 6, "object");
        for (int sent = 0; sent < whole.length; sent++) {
            try (SocketChannel channel = connect()) {
                send(channel, Arrays.copyOf(whole, sent));
                channel.shutdownOutput();
                assertThat(received(channel, 1)).as("cut at %d", sent).isEmpty();
            }
        }
        assertThat(status("GET", CACHE + PATH, "")).isEqualTo(404);
    }

    @Test
    void whatCannotBeStoredOrFoundIsNoError() throws Exception {
        registry.drain(true);
        eventually(() -> worker.get("/v1/status").body().path("draining").asBoolean());
        try (SocketChannel channel = connect()) {
            send(channel, put(0, 6, "object"));
            assertThat(received(channel, 1)).isEqualTo("01");
            coordinator.close();
            send(channel, request(0, KEY));
            assertThat(received(channel, 1)).isEqualTo("01");
            send(channel, request(2, KEY));
            assertThat(received(channel, 1)).isEqualTo("01");
        }
        Path left = socket();
        worker.close();
        assertThat(left).doesNotExist();
    }
}
