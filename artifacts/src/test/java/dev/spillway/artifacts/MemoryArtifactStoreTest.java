package dev.spillway.artifacts;

import java.util.Optional;
import org.junit.jupiter.api.Test;

import static dev.spillway.artifacts.Samples.artifact;
import static dev.spillway.artifacts.Samples.fingerprint;
import static org.assertj.core.api.Assertions.assertThat;

class MemoryArtifactStoreTest extends ArtifactStoreContract {
    @Override
    MemoryArtifactStore open(ArtifactLimits limits) {
        return new MemoryArtifactStore(limits, 1);
    }

    @Override
    long counted(long size) {
        return size;
    }

    @Test
    void shardsHoldTheirSharesOfTheLimitsTogether() {
        ArtifactLimits limits = new ArtifactLimits(8_192, 1L << 30, 1_000);
        try (MemoryArtifactStore store = new MemoryArtifactStore(limits)) {
            for (int i = 0; i < 20_000; i++) {
                store.put(fingerprint(i), artifact(i, 10));
            }
            assertThat(store.metrics().entries()).isEqualTo(8_192);
            assertThat(store.metrics().evictions()).isEqualTo(20_000 - 8_192);
            assertThat(store.get(fingerprint(19_999))).contains(artifact(19_999, 10));
        }
    }

    @Test
    void aLargestArtifactFitsHoweverFewBytesThereAre() {
        ArtifactLimits limits = new ArtifactLimits(1_000_000, 1_000, 1_000);
        try (MemoryArtifactStore store = new MemoryArtifactStore(limits)) {
            assertThat(store.put(fingerprint(1), artifact(1, 1_000))).isTrue();
        }
    }

    @Test
    void aHitIsSharedAndNotCopied() {
        try (MemoryArtifactStore store = new MemoryArtifactStore(ArtifactLimits.DEFAULT)) {
            store.put(fingerprint(1), artifact(1, 1_000));
            Optional<Artifact> first = store.get(fingerprint(1));
            assertThat(store.get(fingerprint(1))).isSameAs(first);
            assertThat(first.orElseThrow().content().isReadOnly()).isTrue();
        }
    }
}
