package dev.spillway.worker.rocksdb;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.core.model.ArtifactInfo;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The compact form of replicas in the index. */
class ReplicaCodecTest {
    private static final int RECORDS = 4_096;
    private static final String DIGEST = "0123456789abcdef".repeat(4);
    private static final Instant CACHED = Instant.parse("2026-03-01T10:00:00.123456789Z");

    /** An artifact as a build cache puts it. */
    private static final ReplicaRecord ARTIFACT = new ReplicaRecord(
            RocksIndexTest.id(1),
            new EntryName(new NamespaceName("builds"), new EntryKey("cas/" + DIGEST)),
            new SnapshotId(DIGEST),
            5,
            4096,
            Description.NONE,
            ReplicaState.LIVE,
            false,
            0,
            CACHED,
            CACHED,
            null,
            1L,
            null,
            false,
            new ArtifactInfo(new ContentDigest(DIGEST), null, 9));

    private final ReplicaCodec codec = new ReplicaCodec(new IndexCodec());

    private ReplicaRecord read(byte[] value) throws IOException {
        return read(RocksIndexTest.id(1), value);
    }

    private ReplicaRecord read(ReplicaId id, byte[] value) throws IOException {
        return codec.read(() -> "record", IndexCodec.key(IndexCodec.Kind.REPLICA, id.value()), value);
    }

    /** Has each optional component or not, by a bit of the seed. */
    private static ReplicaRecord any(int seed) {
        Random random = new Random(seed);
        ContentDigest content = new ContentDigest(HexFormat.of().formatHex(new byte[16]) + "%032x".formatted(seed));
        ReplicaId other = ReplicaId.mint(CACHED, random);
        boolean artifact = (seed & 1) != 0;
        SnapshotId snapshot = new SnapshotId((seed & 2) != 0 ? content.value() : "снимок\uD83D\uDE00" + seed);
        return new ReplicaRecord(
                ReplicaId.mint(CACHED, random),
                new EntryName(new NamespaceName("n" + seed % 3), new EntryKey("ключ/\n\uD83D\uDE00" + seed)),
                snapshot,
                random.nextLong(),
                random.nextLong(),
                (seed & 4) != 0 ? new Description("text", new TreeMap<>(Map.of("team", "", "тег", "z"))) : Description.NONE,
                ReplicaState.HIDDEN,
                (seed & 8) != 0,
                (seed & 16) != 0 ? random.nextLong() : 0,
                CACHED,
                (seed & 32) != 0 ? CACHED.plusNanos(1) : CACHED,
                (seed & 64) != 0 ? other : null,
                (seed & 128) != 0 ? random.nextLong() : null,
                (seed & 256) != 0 ? new ReplicaRecord.Proposal(other, random.nextLong()) : null,
                (seed & 512) != 0,
                artifact ? new ArtifactInfo(content, (seed & 1024) != 0 ? new GroupName("группа") : null, random.nextLong()) : null);
    }

    @Test
    void everyCombinationOfComponentsComesBack() throws IOException {
        for (int seed = 0; seed < RECORDS; seed++) {
            ReplicaRecord replica = any(seed);
            assertThat(read(replica.id(), codec.write(replica))).as("seed %d", seed).isEqualTo(replica);
        }
    }

    @ParameterizedTest
    @EnumSource
    void eachStateComesBack(ReplicaState state) throws IOException {
        ReplicaRecord replica = RocksIndexTest.replica(1, state);
        assertThat(read(codec.write(replica))).isEqualTo(replica);
    }

    @Test
    void theFormStaysReadable() throws IOException {
        String written = "02" + "00000540" + "4c" + "0006" + "6275696c6473" + "0044" + "6361732f"
                + HexFormat.of().formatHex(DIGEST.getBytes(StandardCharsets.US_ASCII))
                + "0000000000000005" + "0000000000001000" + "0000000069a40e20" + "075bcd15" + "0000000000000001" + DIGEST
                + "0000000000000009";
        assertThat(read(HexFormat.of().parseHex(written))).isEqualTo(ARTIFACT);
        assertThat(HexFormat.of().formatHex(codec.write(ARTIFACT))).isEqualTo(written);
    }

    @Test
    void whatANewerWorkerAddsAtTheEndIsLeftOut() throws IOException {
        byte[] written = codec.write(ARTIFACT);
        assertThat(read(Arrays.copyOf(written, written.length + 7))).isEqualTo(ARTIFACT);
    }

    @Test
    void aRecordThatEndsTooEarlyIsAnErrorThatNamesIt() {
        byte[] written = codec.write(any(0x7ff));
        for (int length = 0; length < written.length; length++) {
            byte[] cut = Arrays.copyOf(written, length);
            assertThatThrownBy(() -> read(cut)).as("%d bytes", length)
                    .isInstanceOf(IndexDamagedException.class)
                    .hasMessageStartingWith("record: ");
        }
    }

    @Test
    void aRecordWithOtherBytesIsReadOrAnError() {
        byte[] written = codec.write(any(0x7ff));
        Random random = new Random(3);
        for (int round = 0; round < RECORDS; round++) {
            byte[] damaged = written.clone();
            damaged[1 + random.nextInt(damaged.length - 1)] = (byte) random.nextInt();
            try {
                assertThat(read(damaged).id()).isEqualTo(RocksIndexTest.id(1));
            } catch (IOException e) {
                assertThat(e).as("round %d", round).isInstanceOf(IndexDamagedException.class).hasMessageStartingWith("record: ");
            }
        }
    }

    @Test
    void aNewerVersionIsAnErrorThatSaysSo() {
        byte[] written = codec.write(ARTIFACT);
        written[0] = 3;
        assertThatThrownBy(() -> read(written)).isInstanceOf(IndexDamagedException.class)
                .hasMessageContaining("version 3")
                .hasMessageContaining("newer worker");
    }
}
