package dev.spillway.worker.rocksdb;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.spillway.events.codec.Json;
import dev.spillway.worker.core.model.KeptRequest;
import dev.spillway.worker.core.model.PutOutcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Encodes records of the index, except for replicas, as a version byte and JSON. A key begins with a byte for its kind. Optional components may be
 * added without a new version: older and newer workers still read each other's records.
 */
final class IndexCodec {
    static final byte VERSION = 1;

    /** The kinds of keys. */
    enum Kind {
        STORE('a'), HOLD('h'), MEMBERSHIP('m'), POSITION('p'), REQUEST('q'), REPLICA('r');

        private final byte prefix;

        Kind(char prefix) {
            this.prefix = (byte) prefix;
        }

        byte prefix() {
            return prefix;
        }
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "is")
    @JsonSubTypes({
            @JsonSubTypes.Type(value = PutOutcome.Stored.class, name = "STORED"),
            @JsonSubTypes.Type(value = PutOutcome.Evicted.class, name = "EVICTED"),
            @JsonSubTypes.Type(value = PutOutcome.Refused.class, name = "REFUSED"),
            @JsonSubTypes.Type(value = PutOutcome.Gone.class, name = "GONE")})
    private interface NamedOutcome {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "verb")
    @JsonSubTypes({
            @JsonSubTypes.Type(value = KeptRequest.Put.class, name = "PUT"),
            @JsonSubTypes.Type(value = KeptRequest.Deletion.class, name = "DELETE")})
    private interface NamedVerb {}

    private final ObjectMapper mapper =
            Json.tolerant()
                    .addMixIn(PutOutcome.class, NamedOutcome.class)
                    .addMixIn(KeptRequest.class, NamedVerb.class)
                    .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS);

    static byte[] key(Kind kind) {
        return new byte[]{kind.prefix()};
    }

    static byte[] key(Kind kind, UUID id) {
        return ByteBuffer.allocate(1 + 2 * Long.BYTES)
                .put(kind.prefix())
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
    }

    /** @param ascii text of ASCII characters */
    static byte[] key(Kind kind, String ascii) {
        byte[] text = ascii.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(1 + text.length).put(kind.prefix()).put(text).array();
    }

    byte[] write(Object value) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            bytes.write(VERSION);
            bytes.write(mapper.writeValueAsBytes(value));
            return bytes.toByteArray();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("writing " + value + " into the index", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the name of a record for a failure's message. The name is made only on a failure, because an index may have a million records. */
    @FunctionalInterface
    interface RecordName {
        String get();
    }

    /** Refuses an empty record, and one of a newer version. */
    static void requireVersion(RecordName what, byte[] value, byte newest) throws IndexDamagedException {
        if (value.length < 2 || value[0] < 1) {
            throw new IndexDamagedException(what.get() + ": " + value.length + " bytes (expected: a version and a record)", null);
        }
        if (value[0] > newest) {
            throw new IndexDamagedException(
                    "%s: version %d (expected: at most %d; a newer worker wrote it, start that one again)".formatted(
                            what.get(),
                            value[0],
                            newest),
                    null);
        }
    }

    <T> T read(RecordName what, byte[] value, Class<T> type) throws IndexDamagedException {
        requireVersion(what, value, VERSION);
        try {
            T read = mapper.readValue(value, 1, value.length - 1, type);
            if (read == null) {
                throw new IndexDamagedException(what.get() + ": null (expected: a record)", null);
            }
            return read;
        } catch (IndexDamagedException e) {
            throw e;
        } catch (IOException e) {
            throw new IndexDamagedException(what.get() + ": not readable as " + type.getSimpleName(), e);
        }
    }
}
