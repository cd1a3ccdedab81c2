package dev.spillway.worker.host;

import com.sun.net.httpserver.HttpServer;
import dev.spillway.client.http.ClientSecurity;
import dev.spillway.events.Backend;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.Intervals;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.tracing.Tracing;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.model.Delivery;
import dev.spillway.worker.core.model.HostIdentity;
import dev.spillway.worker.core.model.HostIndex;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.Step;
import dev.spillway.worker.filesystem.store.DirectoryImages;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import dev.spillway.worker.host.directory.Deletions;
import dev.spillway.worker.registry.RegistryClient;
import dev.spillway.worker.trail.HostTrail;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The host becomes too busy while the registry deletes an entry for it. */
class BusyDeletionTest {
    private static final EntryName NAME = new EntryName(new NamespaceName("images"), new EntryKey("k"));
    private static final Step NOTHING = new Step(List.of(), List.of());

    @TempDir
    private Path folder;

    /** An index that takes everything. */
    private static final class Accepting implements HostIndex {
        @Override
        public IndexContents load() {
            return IndexContents.EMPTY;
        }

        @Override
        public void apply(List<IndexChange> changes) {
            // nobody starts from it again
        }
    }

    private static Delivery<?> answer(WorkerMessage<?> message) {
        return message instanceof JoinRequest
                ? new Delivery.Replied<>(
                        new Reply.Accepted<>(
                                new JoinAnswer.Joined(
                                        new RegistryId(UUID.randomUUID()),
                                        1,
                                        1,
                                        0,
                                        false,
                                        new PolicySet(1, List.of(new PolicySet.Entry(NAME.namespace(), null))),
                                        new Intervals(Duration.ofHours(1), Duration.ofHours(1)),
                                        false,
                                        false)))
                : new Delivery.Lost<>("not answered in this test");
    }

    /** Keeps the host's thread in one decision, and fills the queue behind it. */
    private static void fill(HostLoop loop, ExecutorService threads, CountDownLatch go) throws InterruptedException {
        CountDownLatch held = new CountDownLatch(1);
        threads.execute(() -> ask(loop, () -> {
            held.countDown();
            go.await();
        }));
        held.await();
        AtomicInteger refused = new AtomicInteger();
        while (refused.get() == 0) {
            int before = loop.backlog();
            threads.execute(() -> {
                if (!ask(loop, () -> {})) {
                    refused.incrementAndGet();
                }
            });
            while (loop.backlog() == before && refused.get() == 0) {
                Thread.onSpinWait();
            }
        }
    }

    private interface Waiting {
        void run() throws InterruptedException;
    }

    private static boolean ask(HostLoop loop, Waiting waiting) {
        try {
            return loop.call((agent, now) -> {
                try {
                    waiting.run();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                return new HostAgent.Answered<>(true, NOTHING);
            });
        } catch (HostBusyException e) {
            return false;
        } catch (HostStoppedException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aDeletionThatHappenedIsNotToldAsOneThatDidNotAndIsLearntOfByItsKey() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        HttpServer coordinator = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                ImageStore store = ImageStore.open(folder.resolve("store"));
                HostLoop loop = new HostLoop(
                        new HostLoop.Parts(
                                new Accepting(),
                                IndexContents.EMPTY,
                                new Recovery(Set.of(), Set.of(), Set.of()),
                                HostTimes.DEFAULTS,
                                InstantSource.system(),
                                RandomGenerator.getDefault(),
                                new HostPorts(BusyDeletionTest::answer, report -> {}, (partition, from) -> {}),
                                store,
                                new DirectoryImages(store, UnlinkPace.none()),
                                new Removals.Unlinking(1, UnlinkPace.none()),
                                new HostTrail(Tracing.off()),
                                failure -> {}));
                RegistryClient registry = new RegistryClient(
                        List.of(new HostPort("127.0.0.1", coordinator.getAddress().getPort())),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(60),
                        ClientSecurity.NONE)) {
            coordinator.createContext("/", exchange -> {
                try {
                    if (asked.incrementAndGet() == 1) {
                        fill(loop, threads, go);
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                byte[] body = "{\"snapshotId\":\"s\"}".getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().add("Content-Type", "application/json");
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
                exchange.close();
            });
            coordinator.start();
            loop.start(new HostIdentity(new HostId("host-1"), StoreId.parse(store.storeId()), "127.0.0.1:1", new UUID(3, 1)));
            loop.awaitJoined();
            Deletions deletions =
                    new Deletions(loop, registry, new Policies(loop.view(), registry), new KeyedRequests(Duration.ofSeconds(10)));
            RequestKey key = new RequestKey("once", () -> "digest");
            try {
                assertThat(deletions.delete(NAME, Backend.DIRECTORY, Optional.empty(), Optional.of(key)))
                        .isInstanceOf(Deletions.Deleted.Unknown.class);
            } finally {
                go.countDown();
            }
            while (loop.backlog() > 0) {
                Thread.onSpinWait();
            }
            Deletions.Deleted deleted = new Deletions.Deleted.Done(new SnapshotId("s"));
            assertThat(deletions.delete(NAME, Backend.DIRECTORY, Optional.empty(), Optional.of(key))).isEqualTo(deleted);
            assertThat(deletions.delete(NAME, Backend.DIRECTORY, Optional.empty(), Optional.of(key))).as("kept by now").isEqualTo(deleted);
            assertThat(asked).hasValue(2);
        } finally {
            coordinator.stop(0);
        }
    }
}
