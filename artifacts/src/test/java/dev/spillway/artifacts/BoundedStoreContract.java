package dev.spillway.artifacts;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.artifacts.Samples.artifact;
import static dev.spillway.artifacts.Samples.fingerprint;
import static org.assertj.core.api.Assertions.assertThat;

/** Tests the behaviour of every store that has bounds of its own. */
abstract class BoundedStoreContract extends ArtifactStoreContract {
    static final ArtifactLimits LIMITS = new ArtifactLimits(20, 40_000, BYTES_MAX);

    @TempDir
    Path folder;

    /** Returns a new, empty store with these limits and exact order of use. */
    abstract ArtifactStore open(ArtifactLimits limits) throws IOException;

    /** Returns the bytes that the store counts for an artifact of this size. */
    abstract long counted(long size);

    @Override
    protected final ArtifactStore open() throws IOException {
        return open(LIMITS);
    }

    @Test
    void entriesAndBytesAreCounted() throws IOException {
        store.put(fingerprint(1), artifact(1, 100));
        store.put(fingerprint(1), artifact(2, 50));
        assertThat(store.metrics().entries()).isEqualTo(1);
        assertThat(store.metrics().cachedBytes()).isEqualTo(counted(50));
        store.remove(fingerprint(1));
        assertThat(store.metrics().cachedBytes()).isZero();
    }

    /** Compares the store with a list in the order of use, over random operations. */
    @Test
    void theLeastRecentlyUsedGoesByNumberAndByBytes() throws IOException {
        Random random = new Random(17);
        LinkedHashMap<Fingerprint, Artifact> model = new LinkedHashMap<>(16, 0.75f, true);
        long evicted = 0;
        for (int step = 0; step < 5_000; step++) {
            Fingerprint key = fingerprint(random.nextInt(40));
            switch (random.nextInt(8)) {
                case 0 -> assertThat(store.remove(key)).isEqualTo(model.remove(key) != null);
                case 1, 2, 3 -> {
                    Artifact put = artifact(step, random.nextInt(6_000));
                    model.remove(key);
                    model.put(key, put);
                    while (model.size() > LIMITS.maxEntries() || bytes(model) > LIMITS.maxBytes()) {
                        model.pollFirstEntry();
                        evicted++;
                    }
                    assertThat(store.put(key, put)).isTrue();
                }
                default -> {
                    Artifact expected = model.get(key);
                    assertThat(store.get(key).orElse(null)).isEqualTo(expected);
                }
            }
            assertThat(store.metrics().entries()).isEqualTo(model.size());
            assertThat(store.metrics().cachedBytes()).isEqualTo(bytes(model));
        }
        assertThat(store.metrics().evictions()).isEqualTo(evicted).isPositive();
    }

    private long bytes(Map<Fingerprint, Artifact> model) {
        return model.values().stream().mapToLong(artifact -> counted(artifact.size())).sum();
    }
}
