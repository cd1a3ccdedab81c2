package dev.spillway.worker.rocksdb;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.worker.core.model.Hold;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.KeptRequest;
import dev.spillway.worker.core.model.Membership;
import dev.spillway.worker.core.model.NotKept;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.filesystem.Machine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class RocksIndexTest {
    private static final StoreId STORE = StoreId.parse("0190a000-0000-7000-8000-000000000001");
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:00.123456789Z");

    @TempDir
    private Path root;

    private RocksIndex open() throws IOException {
        return RocksIndex.open(root.resolve("index"), STORE, !Files.exists(root.resolve("index")));
    }

    static ReplicaId id(long number) {
        return new ReplicaId(new UUID(0x0190a00000007000L, 0x8000000000000000L | number));
    }

    static ReplicaRecord replica(long number, ReplicaState state) {
        return new ReplicaRecord(
                id(number),
                new EntryName(new NamespaceName("images"), new EntryKey("ключ/\n" + number)),
                new SnapshotId("s" + number),
                number,
                4096 * number,
                new Description("text", new TreeMap<>(Map.of("team", "storage"))),
                state,
                number % 2 == 0,
                7,
                NOW,
                NOW.plusNanos(1));
    }

    @Test
    void everyKindOfRecordComesBackAsItWasAfterARestart() throws IOException {
        List<ReplicaRecord> replicas = Stream.of(ReplicaState.values()).map(state -> replica(state.name().length(), state)).toList();
        List<Hold> holds = List.of(new Hold(UUID.randomUUID(), id(4), NOW), new Hold(UUID.randomUUID(), id(4), NOW, "builder"));
        Membership membership = new Membership(new RegistryId(UUID.randomUUID()), 2, 9, 77, true);
        OrderPosition position = new OrderPosition(3, 1_000_000_000_000L);
        List<KeptRequest> requests = List.of(
                new KeptRequest.Put("a~b", "digest", id(1), 5, NOW, null, null),
                new KeptRequest.Put(
                        "stored",
                        "digest",
                        id(1),
                        5,
                        NOW,
                        Map.of(NotKept.OWNERS, 3L),
                        new PutOutcome.Stored(
                                new SnapshotId("s"),
                                8,
                                List.of(new EvictedEntry(new EntryKey("k"), new SnapshotId("t"), 7, 6, EvictionCause.CAPACITY)))),
                new KeptRequest.Put(
                        "refused",
                        "d",
                        id(1),
                        5,
                        NOW,
                        null,
                        new PutOutcome.Refused(ReplicaOutcome.Reason.TOO_LARGE, "too large")),
                new KeptRequest.Put("gone", "d", id(1), 5, NOW, null, new PutOutcome.Gone()),
                new KeptRequest.Put("evicted", "d", id(1), 5, NOW, null, new PutOutcome.Evicted()),
                new KeptRequest.Deletion("deleting", "d", NOW, null),
                new KeptRequest.Deletion("deleted", "d", NOW, new SnapshotId("s")));
        List<IndexChange> changes = new ArrayList<>();
        replicas.forEach(replica -> changes.add(new IndexChange.PutReplica(replica)));
        requests.forEach(request -> changes.add(new IndexChange.PutRequest(request)));
        holds.forEach(hold -> changes.add(new IndexChange.PutHold(hold)));
        changes.add(new IndexChange.PutMembership(membership));
        changes.add(new IndexChange.PutPosition(position));
        try (RocksIndex index = open()) {
            assertThat(index.load()).isEqualTo(IndexContents.EMPTY);
            index.apply(changes);
        }
        try (RocksIndex index = open()) {
            IndexContents read = index.load();
            assertThat(read.replicas()).containsExactlyInAnyOrderElementsOf(byId(replicas));
            assertThat(read.requests()).containsExactlyInAnyOrderElementsOf(requests);
            assertThat(read.holds()).containsExactlyInAnyOrderElementsOf(holds);
            assertThat(read.membership()).isEqualTo(membership);
            assertThat(read.position()).isEqualTo(position);
        }
    }

    private static List<ReplicaRecord> byId(List<ReplicaRecord> replicas) {
        TreeMap<ReplicaId, ReplicaRecord> last = new TreeMap<>();
        replicas.forEach(replica -> last.put(replica.id(), replica));
        return List.copyOf(last.values());
    }

    @Test
    void removedRecordsAreGoneAndTheLastChangeOfABatchCounts() throws IOException {
        Hold hold = new Hold(UUID.randomUUID(), id(1), NOW);
        KeptRequest.Put request = new KeptRequest.Put("k", "d", id(1), 0, NOW, null, null);
        try (RocksIndex index = open()) {
            index.apply(
                    List.of(
                            new IndexChange.PutReplica(replica(1, ReplicaState.PENDING)),
                            new IndexChange.PutReplica(replica(1, ReplicaState.LIVE)),
                            new IndexChange.PutHold(hold),
                            new IndexChange.PutRequest(request),
                            new IndexChange.PutReplica(replica(2, ReplicaState.GONE))));
            index.apply(
                    List.of(
                            new IndexChange.RemoveHold(hold.id()),
                            new IndexChange.RemoveRequest("k"),
                            new IndexChange.RemoveReplica(id(2))));
            assertThat(index.load()).isEqualTo(
                    new IndexContents(Membership.NONE, null, List.of(replica(1, ReplicaState.LIVE)), List.of(), List.of()));
        }
    }

    @Test
    void theFormOfARecordStaysReadable() throws IOException {
        ReplicaRecord read = new ReplicaCodec(new IndexCodec()).read(
                () -> "golden",
                IndexCodec.key(IndexCodec.Kind.REPLICA, id(1).value()),
                """
                        \u0001{"id":"0190a000-0000-7000-8000-000000000001","name":{"namespace":"images","key":"k"},"snapshotId":"s","generation":5,\
                        "sizeBytes":4096,"description":{"text":"t","labels":{"a":"b"}},"state":"LIVE","ordered":true,"bytesFreed":3,\
                        "cachedAt":"2026-03-01T10:00:00Z","lastAccessedAt":"2026-03-01T10:00:01Z","imageAwaited":false,"addedLater":1}"""
                        .getBytes(StandardCharsets.UTF_8));
        assertThat(read).isEqualTo(
                new ReplicaRecord(
                        id(1),
                        new EntryName(new NamespaceName("images"), new EntryKey("k")),
                        new SnapshotId("s"),
                        5,
                        4096,
                        new Description("t", new TreeMap<>(Map.of("a", "b"))),
                        ReplicaState.LIVE,
                        true,
                        3,
                        Instant.parse("2026-03-01T10:00:00Z"),
                        Instant.parse("2026-03-01T10:00:01Z")));
        String written =
                new String(
                        new IndexCodec().write(new KeptRequest.Put("k", "d", id(1), 2, NOW, null, new PutOutcome.Gone())),
                        StandardCharsets.UTF_8);
        assertThat(written)
                .isEqualTo(
                        "\u0001{\"verb\":\"PUT\",\"key\":\"k\",\"digest\":\"d\",\"replicaId\":\"0190a000-0000-7000-8000-000000000001\",\"sizeBytes\":2,"
                                + "\"since\":\"2026-03-01T10:00:00.123456789Z\",\"outcome\":{\"is\":\"GONE\"}}");
    }

    @Test
    void aRecordOfANewerVersionIsAnErrorThatSaysSo() throws Exception {
        open().close();
        put(new byte[]{'m'}, new byte[]{2, '{', '}'});
        try (RocksIndex index = open()) {
            assertThatThrownBy(index::load).isInstanceOf(IndexDamagedException.class)
                    .hasMessageContaining("version 2")
                    .hasMessageContaining("newer worker");
        }
    }

    @Test
    void aRecordOfAnUnknownKindIsAnError() throws Exception {
        open().close();
        put(new byte[]{'z', 1}, new byte[]{1, '{', '}'});
        try (RocksIndex index = open()) {
            assertThatThrownBy(index::load).isInstanceOf(IndexDamagedException.class).hasMessageContaining("record 7a01: unknown kind");
        }
    }

    @Test
    void aDamagedRecordIsAnErrorThatNamesIt() throws Exception {
        open().close();
        put(new byte[]{'r', 1, 2}, "\u0001{\"id\":\"x\"}".getBytes(StandardCharsets.UTF_8));
        try (RocksIndex index = open()) {
            assertThatThrownBy(index::load).isInstanceOf(IndexDamagedException.class)
                    .hasMessageContaining("record 720102: not readable as ReplicaRecord");
        }
    }

    private void put(byte[] key, byte[] value) throws Exception {
        try (Options options = new Options(); RocksDB db = RocksDB.open(options, root.resolve("index").toString())) {
            db.put(key, value);
        }
    }

    @Test
    void theIndexOfAnotherStoreIsRefused() throws IOException {
        open().close();
        StoreId other = StoreId.parse("0190a000-0000-7000-8000-000000000002");
        assertThatThrownBy(() -> RocksIndex.open(root.resolve("index"), other, true)).isInstanceOf(IndexDamagedException.class)
                .hasMessageContaining("is of store " + STORE)
                .hasMessageContaining(other.toString());
    }

    @Test
    void aMissingIndexOfAStoreThatHoldsImagesIsAnErrorAndNotAnEmptyOne() {
        assertThatThrownBy(() -> RocksIndex.open(root.resolve("index"), STORE, false)).isInstanceOf(IndexDamagedException.class)
                .hasMessageContaining("is not there although the store holds images");
        assertThat(root.resolve("index")).doesNotExist();
    }

    @Test
    void anIndexWithoutItsFilesIsAnErrorAndNotAnEmptyOne() throws IOException {
        try (RocksIndex index = open()) {
            index.apply(List.of(new IndexChange.PutReplica(replica(1, ReplicaState.LIVE))));
        }
        Files.delete(root.resolve("index/CURRENT"));
        assertThatThrownBy(() -> RocksIndex.open(root.resolve("index"), STORE, true)).isInstanceOf(IndexDamagedException.class)
                .hasMessageContaining("cannot be opened");
    }

    @Test
    void aFlippedByteInTheMiddleOfTheLogIsAnErrorAndNotAShorterHistory() throws IOException {
        try (RocksIndex index = open()) {
            for (int number = 1; number <= 200; number++) {
                index.apply(List.of(new IndexChange.PutReplica(replica(number, ReplicaState.LIVE))));
            }
        }
        Path log;
        try (Stream<Path> files = Files.list(root.resolve("index"))) {
            log = files.filter(file -> file.toString().endsWith(".log"))
                    .max((a, b) -> Long.compare(a.toFile().length(), b.toFile().length()))
                    .orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(log);
        bytes[bytes.length / 2] ^= 0x55;
        Files.write(log, bytes, StandardOpenOption.TRUNCATE_EXISTING);
        assertThatThrownBy(this::open).isInstanceOf(IndexDamagedException.class).hasMessageContaining("cannot be opened");
    }

    @Test
    void whatACrashedCreationLeftIsSweptAway() throws IOException {
        Files.createDirectories(root.resolve("index.new"));
        Files.writeString(root.resolve("index.new/CURRENT"), "torn");
        try (RocksIndex index = open()) {
            assertThat(index.load()).isEqualTo(IndexContents.EMPTY);
        }
        assertThat(root.resolve("index.new")).doesNotExist();
    }

    /** Each batch of the child holds a hold, a replica and the position, all of one number. */
    @Test
    void aKilledProcessLeavesAPrefixOfWholeBatches() throws Exception {
        long told = 0;
        for (int round = 0; round < 3; round++) {
            Process child = Machine
                    .java(List.of("-XX:TieredStopAtLevel=1"), IndexWriter.class, root.resolve("index").toString(), STORE.toString())
                    .start();
            long enough = told + 60 + 50L * round;
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    told = Long.parseLong(line);
                    if (told == enough) {
                        assertThat(child.toHandle().destroyForcibly()).isTrue();
                    }
                }
            }
            assertThat(child.waitFor()).isNotZero();
            assertThat(told).isGreaterThanOrEqualTo(enough);
            try (RocksIndex index = open()) {
                IndexContents read = index.load();
                long last = Objects.requireNonNull(read.position()).nextOffset();
                assertThat(last).as("at most the batch under way is there beyond what was told").isBetween(told, told + 1);
                assertThat(read.replicas()).hasSize((int) last);
                assertThat(read.holds()).hasSize((int) last);
                told = last;
            }
        }
    }

    @Test
    void aFullDiskIsNotTakenForADamagedIndex() {
        Path index = Path.of("/store/index");
        assertThat(RocksIndex.notOpened(index, new RocksDBException("While open a file for appending: No space left on device")))
                .isNotInstanceOf(IndexDamagedException.class)
                .hasMessageContaining("/store/index cannot be opened")
                .hasMessageEndingWith("(expected: free space on its disk)");
        assertThat(RocksIndex.notOpened(index, new RocksDBException("full", new Status(Status.Code.IOError, Status.SubCode.NoSpace, ""))))
                .hasMessageEndingWith("(expected: free space on its disk)");
        assertThat(RocksIndex.notOpened(index, new RocksDBException("Corruption: bad block"))).isInstanceOf(IndexDamagedException.class)
                .hasMessageEndingWith("(expected: an index that this host wrote)");
    }
}
