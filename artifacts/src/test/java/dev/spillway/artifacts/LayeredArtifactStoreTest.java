package dev.spillway.artifacts;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

import static dev.spillway.artifacts.Samples.artifact;
import static dev.spillway.artifacts.Samples.fingerprint;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class LayeredArtifactStoreTest extends BoundedStoreContract {
    private static final ArtifactLimits WIDE = new ArtifactLimits(1_000, 1 << 20, 10_000);

    @Override
    LayeredArtifactStore open(ArtifactLimits limits) {
        return new LayeredArtifactStore(List.of(new MemoryArtifactStore(limits, 1)), LayeredArtifactStore.Writes.THROUGH);
    }

    @Override
    long counted(long size) {
        return size;
    }

    /** A store that waits or fails when it is asked, as a remote one may. */
    private static final class Remote implements ArtifactStore {
        private final MemoryArtifactStore artifacts = new MemoryArtifactStore(WIDE, 1);
        private final AtomicInteger asked = new AtomicInteger();
        private volatile CountDownLatch gate = new CountDownLatch(0);
        private volatile boolean away;
        private boolean failsToClose;

        @Override
        public Optional<Artifact> get(Fingerprint fingerprint) throws IOException {
            asked.incrementAndGet();
            Optional<Artifact> found = artifacts.get(fingerprint);
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            requireThere();
            return found;
        }

        private void requireThere() throws IOException {
            if (away) {
                throw new IOException("remote: is away");
            }
        }

        @Override
        public boolean put(Fingerprint fingerprint, Artifact artifact) throws IOException {
            requireThere();
            return artifacts.put(fingerprint, artifact);
        }

        @Override
        public boolean remove(Fingerprint fingerprint) throws IOException {
            requireThere();
            return artifacts.remove(fingerprint);
        }

        @Override
        public void flush() {}

        @Override
        public ArtifactMetrics metrics() {
            return artifacts.metrics();
        }

        @Override
        public Artifact getOrCompile(Fingerprint fingerprint, Callable<Artifact> compiler) throws Exception {
            return artifacts.getOrCompile(fingerprint, compiler);
        }

        @Override
        public void close() throws IOException {
            artifacts.close();
            if (failsToClose) {
                throw new IOException("remote: cannot be closed");
            }
        }
    }

    @Test
    void aLayerThatCannotBeClosedKeepsNoOtherOpen() throws IOException {
        Remote remote = new Remote();
        DiskArtifactStore disk = DiskArtifactStore.open(folder.resolve("disk"), WIDE);
        LayeredArtifactStore layers = new LayeredArtifactStore(List.of(remote, disk), LayeredArtifactStore.Writes.THROUGH);
        remote.failsToClose = true;
        assertThatThrownBy(layers::close).isInstanceOf(IOException.class).hasMessageContaining("cannot be closed");
        DiskArtifactStore.open(folder.resolve("disk"), WIDE).close();
    }

    private final MemoryArtifactStore fast = new MemoryArtifactStore(WIDE, 1);
    private final Remote slow = new Remote();

    private LayeredArtifactStore layered(LayeredArtifactStore.Writes writes) {
        return new LayeredArtifactStore(List.of(fast, slow), writes);
    }

    @Test
    void aHitBelowIsCopiedUpAndAskedForOnce() throws IOException {
        slow.put(fingerprint(1), artifact(1, 100));
        try (LayeredArtifactStore store = layered(LayeredArtifactStore.Writes.THROUGH)) {
            for (int i = 0; i < 3; i++) {
                assertThat(store.get(fingerprint(1))).contains(artifact(1, 100));
            }
            assertThat(slow.asked).hasValue(1);
            assertThat(store.metrics().lookups()).isEqualTo(3);
            assertThat(store.metrics().hits()).isEqualTo(3);
        }
    }

    @Test
    void oneMissByManyAsksTheSlowerStoreOnce() throws Exception {
        slow.put(fingerprint(1), artifact(1, 100));
        slow.gate = new CountDownLatch(1);
        List<Future<Optional<Artifact>>> results = new ArrayList<>();
        try (LayeredArtifactStore store = layered(LayeredArtifactStore.Writes.THROUGH);
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            CountDownLatch begun = new CountDownLatch(1_000);
            for (int i = 0; i < 1_000; i++) {
                results.add(pool.submit(() -> {
                    begun.countDown();
                    return store.get(fingerprint(1));
                }));
            }
            begun.await();
            slow.gate.countDown();
            for (Future<Optional<Artifact>> result : results) {
                assertThat(result.get()).contains(artifact(1, 100));
            }
            assertThat(slow.asked).hasValue(1);
        }
    }

    @Test
    void aMissIsNotRemembered() throws IOException {
        try (LayeredArtifactStore store = layered(LayeredArtifactStore.Writes.THROUGH)) {
            assertThat(store.get(fingerprint(1))).isEmpty();
            slow.put(fingerprint(1), artifact(1, 100));
            assertThat(store.get(fingerprint(1))).isPresent();
        }
    }

    @Test
    void whatIsPutThroughIsEverywhereAtOnce() throws IOException {
        try (LayeredArtifactStore store = layered(LayeredArtifactStore.Writes.THROUGH)) {
            assertThat(store.put(fingerprint(1), artifact(1, 100))).isTrue();
            assertThat(slow.artifacts.get(fingerprint(1))).isPresent();
            assertThat(fast.get(fingerprint(1))).isPresent();
        }
    }

    @Test
    void whatIsPutBackIsBelowAfterTheFlush() throws IOException {
        try (LayeredArtifactStore store = layered(LayeredArtifactStore.Writes.BACK)) {
            store.put(fingerprint(1), artifact(1, 100));
            assertThat(slow.artifacts.get(fingerprint(1))).isEmpty();
            fast.remove(fingerprint(1));
            assertThat(store.get(fingerprint(1))).as("evicted above before it is below").isPresent();
            store.flush();
            assertThat(slow.artifacts.get(fingerprint(1))).isPresent();
        }
    }

    @Test
    void whatCannotBeWrittenBackWaitsForTheNextFlush() throws IOException {
        try (LayeredArtifactStore store = layered(LayeredArtifactStore.Writes.BACK)) {
            store.put(fingerprint(1), artifact(1, 100));
            slow.away = true;
            assertThatThrownBy(store::flush).isInstanceOf(IOException.class).hasMessageContaining("away");
            slow.away = false;
            store.flush();
            assertThat(slow.artifacts.get(fingerprint(1))).isPresent();
        }
    }

    @Test
    void aFailureIsNoMissAndNoHindrance() throws IOException {
        MemoryArtifactStore last = new MemoryArtifactStore(WIDE, 1);
        last.put(fingerprint(2), artifact(2, 100));
        try (LayeredArtifactStore store = new LayeredArtifactStore(List.of(fast, slow, last), LayeredArtifactStore.Writes.THROUGH)) {
            slow.away = true;
            assertThatThrownBy(() -> store.get(fingerprint(1))).isInstanceOf(IOException.class).hasMessageContaining("away");
            assertThat(store.get(fingerprint(2))).contains(artifact(2, 100));
        }
    }

    @Test
    void anArtifactTooLargeForTheFasterStoreHidesNoNewerOne() throws IOException {
        MemoryArtifactStore small = new MemoryArtifactStore(new ArtifactLimits(10, 1_000, 50), 1);
        try (LayeredArtifactStore store = new LayeredArtifactStore(List.of(small, slow), LayeredArtifactStore.Writes.BACK)) {
            store.put(fingerprint(1), artifact(1, 50));
            assertThat(store.put(fingerprint(1), artifact(2, 100))).isTrue();
            assertThat(store.get(fingerprint(1))).contains(artifact(2, 100));
            store.flush();
            assertThat(store.get(fingerprint(1))).contains(artifact(2, 100));
        }
    }

    /** A lookup that found the older artifact below must not copy it over a newer one that is put meanwhile. */
    @Test
    void aLookupBesideAPutLeavesNothingOldAbove() throws Exception {
        slow.put(fingerprint(1), artifact(1, 100));
        slow.gate = new CountDownLatch(1);
        try (LayeredArtifactStore store = layered(LayeredArtifactStore.Writes.THROUGH);
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Optional<Artifact>> lookup = pool.submit(() -> store.get(fingerprint(1)));
            while (slow.asked.get() == 0) {
                Thread.onSpinWait();
            }
            store.put(fingerprint(1), artifact(2, 100));
            slow.gate.countDown();
            lookup.get();
            assertThat(store.get(fingerprint(1))).contains(artifact(2, 100));
        }
    }
}
