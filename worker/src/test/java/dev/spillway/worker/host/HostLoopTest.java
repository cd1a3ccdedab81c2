package dev.spillway.worker.host;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.Intervals;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.service.tracing.Tracing;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.model.Delivery;
import dev.spillway.worker.core.model.HostIdentity;
import dev.spillway.worker.core.model.HostIndex;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.Membership;
import dev.spillway.worker.core.model.Offer;
import dev.spillway.worker.filesystem.store.DirectoryImages;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import dev.spillway.worker.trail.HostTrail;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The order of things: first durable, then visible, then carried out. */
class HostLoopTest {
    private static final EntryName NAME = new EntryName(new NamespaceName("images"), new EntryKey("k"));

    @TempDir
    private Path folder;
    private final ConcurrentLinkedQueue<WorkerMessage<?>> sent = new ConcurrentLinkedQueue<>();
    private final CompletableFuture<Throwable> failed = new CompletableFuture<>();
    private final FullDisk index = new FullDisk();
    private ImageStore store;
    private HostLoop loop;

    /** An index whose disk is full for replicas. */
    private static final class FullDisk implements HostIndex {
        private final List<IndexChange> written = new CopyOnWriteArrayList<>();

        @Override
        public IndexContents load() {
            return IndexContents.EMPTY;
        }

        @Override
        public void apply(List<IndexChange> changes) throws IOException {
            if (changes.stream().anyMatch(IndexChange.PutReplica.class::isInstance)) {
                throw new IOException("index cannot be written: No space left on device");
            }
            written.addAll(changes);
        }
    }

    @BeforeEach
    void start() throws Exception {
        store = ImageStore.open(folder.resolve("store"));
        loop = started(index.load(), new Recovery(Set.of(), Set.of(), Set.of()));
    }

    private HostLoop started(IndexContents contents, Recovery found) {
        HostLoop started = new HostLoop(
                new HostLoop.Parts(
                        index,
                        contents,
                        found,
                        HostTimes.DEFAULTS,
                        InstantSource.system(),
                        RandomGenerator.getDefault(),
                        new HostPorts(this::answer, report -> {}, (partition, from) -> {}),
                        store,
                        new DirectoryImages(store, UnlinkPace.none()),
                        new Removals.Unlinking(1, UnlinkPace.none()),
                        new HostTrail(Tracing.off()),
                        failed::complete));
        started.start(new HostIdentity(new HostId("host-1"), StoreId.parse(store.storeId()), "127.0.0.1:1", new UUID(3, 1)));
        return started;
    }

    @AfterEach
    void stop() throws IOException {
        loop.close();
        store.close();
    }

    private Delivery<?> answer(WorkerMessage<?> message) {
        sent.add(message);
        return message instanceof JoinRequest
                ? new Delivery.Replied<>(
                        new Reply.Accepted<>(
                                new JoinAnswer.Joined(
                                        new RegistryId(UUID.randomUUID()),
                                        1,
                                        1,
                                        0,
                                        false,
                                        new PolicySet(1, List.of()),
                                        new Intervals(Duration.ofHours(1), Duration.ofHours(1)),
                                        false,
                                        false)))
                : new Delivery.Lost<>("not answered in this test");
    }

    private static Offer offer() {
        ReplicaId id = ReplicaId.mint(Instant.now(), RandomGenerator.getDefault());
        return new Offer(id, NAME, new SnapshotId(id.toString()), 0, 1, Description.NONE);
    }

    @Test
    void whatCannotBeWrittenIsNeitherSentNorShownAndStopsTheHost() throws Exception {
        assertThatThrownBy(() -> loop.register(offer(), null, Duration.ofMinutes(1))).isInstanceOf(HostStoppedException.class)
                .hasMessageContaining("No space left on device");
        assertThat(failed.get()).hasMessageContaining("No space left on device");
        assertThat(loop.failure()).isNotNull();
        assertThat(sent).noneMatch(RegisterRequest.class::isInstance);
        assertThat(loop.view().counts().values()).containsOnly(0L);
        assertThat(index.written).noneMatch(IndexChange.PutReplica.class::isInstance);
        assertThatThrownBy(() -> loop.call((agent, now) -> agent.release(UUID.randomUUID()))).isInstanceOf(HostStoppedException.class);
    }

    @Test
    void whoeverWaitsWhenTheHostIsClosedIsTold() throws Exception {
        loop.close();
        assertThatThrownBy(() -> loop.call((agent, now) -> new HostAgent.Answered<>(1, agent.tick(now))))
                .isInstanceOf(HostStoppedException.class);
        assertThat(failed).isNotDone();
    }

    private WeakReference<IndexContents> restarted() {
        loop.close();
        IndexContents contents = new IndexContents(Membership.NONE, null, List.of(), List.of(), List.of());
        loop = started(contents, new Recovery(Set.of(), Set.of(), Set.of()));
        return new WeakReference<>(contents);
    }

    /** They may be a million replicas, as they were at the start. */
    @Test
    void whatTheStartNeededDoesNotStayInMemory() throws Exception {
        WeakReference<IndexContents> contents = restarted();
        loop.awaitJoined();
        for (Instant end = Instant.now().plusSeconds(30); contents.get() != null && Instant.now().isBefore(end);) {
            System.gc();
        }
        assertThat(contents.get()).isNull();
    }
}
