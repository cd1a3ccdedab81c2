package dev.spillway.bench.inventory;

import dev.spillway.artifacts.Artifact;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.worker.artifacts.ArtifactImages;
import dev.spillway.worker.core.model.ArtifactInfo;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.rocksdb.RocksIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** The folder of a worker that holds registered artifacts, as a build cache names them. */
record FullHost(Path folder, int artifacts) implements AutoCloseable {
    private static final int ARTIFACT_BYTES = 256;
    private static final int WRITTEN_AT_ONCE = 1_000;
    private static final ArtifactImages.Limits LIMITS = new ArtifactImages.Limits(8L << 30, 1 << 20, 64 << 20);
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    static FullHost make(int artifacts) throws Exception {
        FullHost host = new FullHost(Files.createTempDirectory("spillway-inventory-").toRealPath(), artifacts);
        try (ImageStore store = host.store(); ArtifactImages images = host.images(); RocksIndex index = host.index(store, true)) {
            host.fill(images, index);
        }
        return host;
    }

    ImageStore store() throws IOException, InterruptedException {
        return ImageStore.open(folder);
    }

    ArtifactImages images() throws IOException {
        return ArtifactImages.open(folder.resolve("artifacts"), LIMITS);
    }

    RocksIndex index(ImageStore store, boolean isNew) throws IOException {
        return RocksIndex.open(folder.resolve("index"), StoreId.parse(store.storeId()), isNew);
    }

    private void fill(ArtifactImages images, RocksIndex index) throws IOException, NoSuchAlgorithmException {
        Random random = new Random(1);
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        byte[] content = new byte[ARTIFACT_BYTES];
        List<IndexChange> changes = new ArrayList<>();
        for (int number = 1; number <= artifacts; number++) {
            random.nextBytes(content);
            String digest = HexFormat.of().formatHex(sha256.digest(content));
            Instant at = BEGIN.plusMillis(10L * number);
            ReplicaRecord replica = new ReplicaRecord(
                    ReplicaId.mint(at, random),
                    new EntryName(new NamespaceName("builds"), new EntryKey("cas/" + digest)),
                    new SnapshotId(digest),
                    number,
                    ARTIFACT_BYTES,
                    Description.NONE,
                    ReplicaState.LIVE,
                    false,
                    0,
                    at,
                    at,
                    null,
                    1L,
                    null,
                    false,
                    new ArtifactInfo(new ContentDigest(digest), null, number));
            if (!images.put(replica.id(), Artifact.copyOf(content))) {
                throw new BenchmarkFailedException("artifact %d was refused (expected: room for all)".formatted(number));
            }
            changes.add(new IndexChange.PutReplica(replica));
            if (changes.size() == WRITTEN_AT_ONCE || number == artifacts) {
                index.apply(changes);
                changes.clear();
            }
        }
        images.flush();
    }

    /** Returns the bytes that the index takes on the disk. */
    long indexBytes() throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("index"))) {
            return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
        }
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
