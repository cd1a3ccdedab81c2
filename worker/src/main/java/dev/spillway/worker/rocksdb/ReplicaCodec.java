package dev.spillway.worker.rocksdb;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.core.model.ArtifactInfo;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Encodes replicas in a compact form, because a host may have a million of them: a version byte, a number whose bits tell which optional components
 * are there, and the components. The id of a replica is in its key. A reader ignores bytes after the components that it knows. So new components may
 * be added at the end, each with a bit of its own, and older workers still read the record. Records of the first version are JSON. Used by one
 * thread.
 */
final class ReplicaCodec {
    static final byte VERSION = 2;

    private static final int ORDERED = 1;
    private static final int IMAGE_AWAITED = 1 << 1;
    private static final int READ_SINCE = 1 << 2;
    private static final int DESCRIBED = 1 << 3;
    private static final int BYTES_FREED = 1 << 4;
    private static final int IMAGE_OF = 1 << 5;
    private static final int REGISTERED = 1 << 6;
    private static final int READOPTION = 1 << 7;
    private static final int ARTIFACT = 1 << 8;
    private static final int GROUP = 1 << 9;
    /** Bit that is set if the snapshot id is the digest of the content, and so is not repeated. */
    private static final int SNAPSHOT_IS_CONTENT = 1 << 10;

    private static final List<ReplicaState> STATES = List.of(ReplicaState.values());
    private static final HexFormat HEX = HexFormat.of();
    private static final int DIGEST_BYTES = 32;

    private final IndexCodec json;
    /** The names read so far, so that replicas share one object per namespace. */
    private final Map<String, NamespaceName> namespaces = new HashMap<>();

    ReplicaCodec(IndexCodec json) {
        this.json = json;
    }

    byte[] write(ReplicaRecord replica) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            write(replica, out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void write(ReplicaRecord replica, DataOutputStream out) throws IOException {
        // The pattern names all components, so that the compiler finds a new one that is missing here.
        if (!(replica instanceof ReplicaRecord(var _, var name, var snapshot, var generation, var sizeBytes, var description, var state, var ordered, var bytesFreed, var cachedAt, var accessedAt, var imageOf, var epoch, var readoption, var imageAwaited, var artifact))) {
            throw new IllegalArgumentException("replica: null (expected: a replica)");
        }
        boolean named = artifact != null && artifact.content().value().equals(snapshot.value());
        out.writeByte(VERSION);
        out.writeInt(
                bit(ORDERED, ordered) | bit(IMAGE_AWAITED, imageAwaited) | bit(READ_SINCE, !accessedAt.equals(cachedAt))
                        | bit(DESCRIBED, !description.equals(Description.NONE)) | bit(BYTES_FREED, bytesFreed != 0)
                        | bit(IMAGE_OF, imageOf != null)
                        | bit(REGISTERED, epoch != null) | bit(READOPTION, readoption != null) | bit(ARTIFACT, artifact != null)
                        | bit(GROUP, artifact != null && artifact.group() != null) | bit(SNAPSHOT_IS_CONTENT, named));
        out.writeByte(letter(state));
        text(name.namespace().value(), out);
        text(name.key().value(), out);
        out.writeLong(generation);
        out.writeLong(sizeBytes);
        time(cachedAt, out);
        if (!named) {
            text(snapshot.value(), out);
        }
        if (!accessedAt.equals(cachedAt)) {
            time(accessedAt, out);
        }
        if (!description.equals(Description.NONE)) {
            text(description.text(), out);
            out.writeByte(description.labels().size());
            for (Map.Entry<String, String> label : description.labels().entrySet()) {
                text(label.getKey(), out);
                text(label.getValue(), out);
            }
        }
        if (bytesFreed != 0) {
            out.writeLong(bytesFreed);
        }
        if (imageOf != null) {
            id(imageOf, out);
        }
        if (epoch != null) {
            out.writeLong(epoch);
        }
        if (readoption != null) {
            id(readoption.id(), out);
            out.writeLong(readoption.epoch());
        }
        if (artifact != null) {
            write(artifact, out);
        }
    }

    private static void write(ArtifactInfo artifact, DataOutputStream out) throws IOException {
        if (artifact instanceof ArtifactInfo(var content, var group, var number)) {
            out.write(HEX.parseHex(content.value()));
            out.writeLong(number);
            if (group != null) {
                text(group.value(), out);
            }
        }
    }

    private static int bit(int bit, boolean set) {
        return set ? bit : 0;
    }

    private static char letter(ReplicaState state) {
        return state.name().charAt(0);
    }

    private static void text(String text, DataOutputStream out) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeShort(bytes.length);
        out.write(bytes);
    }

    private static void time(Instant at, DataOutputStream out) throws IOException {
        out.writeLong(at.getEpochSecond());
        out.writeInt(at.getNano());
    }

    private static void id(ReplicaId id, DataOutputStream out) throws IOException {
        out.writeLong(id.value().getMostSignificantBits());
        out.writeLong(id.value().getLeastSignificantBits());
    }

    /** @param what names the record in the message of a failure */
    ReplicaRecord read(IndexCodec.RecordName what, byte[] key, byte[] value) throws IndexDamagedException {
        if (value.length > 0 && value[0] == IndexCodec.VERSION) {
            return json.read(what, value, ReplicaRecord.class);
        }
        IndexCodec.requireVersion(what, value, VERSION);
        try {
            ByteBuffer in = ByteBuffer.wrap(value, 1, value.length - 1);
            return read(id(ByteBuffer.wrap(key, 1, key.length - 1)), in, in.getInt());
        } catch (BufferUnderflowException | IllegalArgumentException | DateTimeException | ArithmeticException e) {
            throw new IndexDamagedException(what.get() + ": not readable as a replica", e);
        }
    }

    private ReplicaRecord read(ReplicaId id, ByteBuffer in, int has) {
        ReplicaState state = state((char) in.get());
        EntryName name = new EntryName(namespaces.computeIfAbsent(text(in), NamespaceName::new), new EntryKey(text(in)));
        long generation = in.getLong();
        long sizeBytes = in.getLong();
        Instant cachedAt = time(in);
        String snapshot = (has & SNAPSHOT_IS_CONTENT) == 0 ? text(in) : null;
        Instant accessedAt = (has & READ_SINCE) == 0 ? cachedAt : time(in);
        Description description = (has & DESCRIBED) == 0 ? Description.NONE : description(in);
        long bytesFreed = (has & BYTES_FREED) == 0 ? 0 : in.getLong();
        ReplicaId imageOf = (has & IMAGE_OF) == 0 ? null : id(in);
        Long epoch = (has & REGISTERED) == 0 ? null : Long.valueOf(in.getLong());
        ReplicaRecord.Proposal readoption = (has & READOPTION) == 0 ? null : new ReplicaRecord.Proposal(id(in), in.getLong());
        ArtifactInfo artifact = (has & ARTIFACT) == 0 ? null : artifact(in, has);
        return new ReplicaRecord(
                id,
                name,
                snapshot(snapshot, artifact),
                generation,
                sizeBytes,
                description,
                state,
                (has & ORDERED) != 0,
                bytesFreed,
                cachedAt,
                accessedAt,
                imageOf,
                epoch,
                readoption,
                (has & IMAGE_AWAITED) != 0,
                artifact);
    }

    private static SnapshotId snapshot(@Nullable String named, @Nullable ArtifactInfo artifact) {
        if (named != null) {
            return new SnapshotId(named);
        }
        if (artifact == null) {
            throw new IllegalArgumentException("snapshot: that of the content (expected: a content)");
        }
        // The two ids share one string, because there may be a million of them.
        return new SnapshotId(artifact.content().value());
    }

    private static ArtifactInfo artifact(ByteBuffer in, int has) {
        byte[] content = new byte[DIGEST_BYTES];
        in.get(content);
        ContentDigest digest = new ContentDigest(HEX.formatHex(content));
        long number = in.getLong();
        return new ArtifactInfo(digest, (has & GROUP) == 0 ? null : new GroupName(text(in)), number);
    }

    private static Description description(ByteBuffer in) {
        String text = text(in);
        SortedMap<String, String> labels = new TreeMap<>();
        for (int left = in.get(); left > 0; left--) {
            labels.put(text(in), text(in));
        }
        return new Description(text, labels);
    }

    private static ReplicaState state(char letter) {
        for (ReplicaState state : STATES) {
            if (letter(state) == letter) {
                return state;
            }
        }
        throw new InvalidValueException("state", String.valueOf(letter), "the first letter of a state");
    }

    private static String text(ByteBuffer in) {
        byte[] bytes = new byte[Short.toUnsignedInt(in.getShort())];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static Instant time(ByteBuffer in) {
        return Instant.ofEpochSecond(in.getLong(), in.getInt());
    }

    private static ReplicaId id(ByteBuffer in) {
        return new ReplicaId(new UUID(in.getLong(), in.getLong()));
    }
}
