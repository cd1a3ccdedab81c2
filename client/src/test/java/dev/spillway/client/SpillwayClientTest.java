package dev.spillway.client;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Tests how a client is built and closed. No server answers. */
class SpillwayClientTest {
    private static final String NOWHERE = "127.0.0.1:9";

    @Test
    void anEmptyPathIsNotTheCurrentDirectory() {
        try (SpillwayClient client = SpillwayClient.builder().worker("127.0.0.1:1").build()) {
            DirectoryCache trees = client.directories("trees");
            assertThatThrownBy(() -> trees.put("key", Path.of(""), "")).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("sourceDir");
        }
    }

    @Test
    void aServerThatWasNotNamedIsNotGuessed() {
        assertThatIllegalStateException().isThrownBy(() -> SpillwayClient.builder().build())
                .withMessageContainingAll("coordinators", "worker");
        try (SpillwayClient registry = SpillwayClient.builder().coordinators(NOWHERE).build();
                SpillwayClient host = SpillwayClient.builder().worker(NOWHERE).build()) {
            assertThatIllegalStateException().isThrownBy(() -> registry.directories("trees"))
                    .withMessage("worker: none (expected: Builder.worker or Builder.workerSocket names the worker of this host)");
            assertThatIllegalStateException().isThrownBy(() -> host.images("trees"))
                    .withMessage("coordinators: none (expected: Builder.coordinators names at least one)");
        }
    }

    @Test
    void aClosedClientSaysSo() throws InterruptedException {
        SpillwayClient client = SpillwayClient.builder().coordinators(NOWHERE).workerSocket(Path.of("/nowhere")).build();
        ImageRegistry images = client.images("trees");
        DirectoryCache directories = client.directories("trees");
        client.close();
        client.close();
        for (Executable call : new Executable[]{
                () -> images.get("key"),
                () -> images.put("key", "image"),
                images::allSnapshotIds,
                () -> directories.get("key"),
                () -> directories.put("key", Path.of("/"), ""),
                directories::list,
                () -> client.images("trees"),
                () -> client.directories("trees")}) {
            assertThatIllegalStateException().isThrownBy(call::execute).withMessage("the client is closed");
        }
    }

    @Test
    void aChangeThatIsUnderWayWhenTheClientClosesIsUnknown() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            SpillwayClient client = SpillwayClient.builder()
                    .coordinators("127.0.0.1:" + server.getLocalPort())
                    .retryFor(Duration.ofMinutes(5))
                    .build();
            ImageRegistry images = client.images("trees");
            CompletableFuture<ImageRegistry.Put> put = CompletableFuture.supplyAsync(() -> put(images));
            try (var connection = server.accept()) {
                assertThat(connection.getInputStream().read()).isEqualTo('P');
                client.close();
                assertThat(put.handle((_, failure) -> failure).get(30, TimeUnit.SECONDS)).cause()
                        .isInstanceOf(OutcomeUnknownException.class);
            }
        }
    }

    private static ImageRegistry.Put put(ImageRegistry images) {
        try {
            return images.put("key", "image");
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this", e);
        }
    }
}
