package dev.spillway.coordinator.postgres.statement;

import java.io.Serial;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PGBinaryObject;
import org.postgresql.util.PGobject;

/**
 * An array of elements of eight or sixteen bytes in PostgreSQL's binary format. By default the driver sends such arrays as text, which the server
 * parses element by element. Connections that do not enable {@link #TYPES} still send text. (PostgreSQL, {@code array_recv}, {@code uuid_recv},
 * {@code timestamptz_recv}.) Not thread-safe.
 */
public final class BinaryArray extends PGobject implements PGBinaryObject {
    /** Value of the driver's option {@code binaryTransferEnable}: the object ids of {@code timestamptz[]} and {@code uuid[]}. */
    public static final String TYPES = "1185,2951";

    @Serial
    private static final long serialVersionUID = 1L;
    private static final int TIMESTAMPTZ = 1184;
    private static final int UUID_TYPE = 2950;
    private static final long EPOCH_SECOND = Instant.parse("2000-01-01T00:00:00Z").getEpochSecond();
    private static final int HEADER_BYTES = 20;
    private static final int LENGTH_BYTES = 4;
    private static final int NULL_LENGTH = -1;

    private final int elementType;
    private final int elementBytes;
    private final @Nullable Object[] elements;

    private BinaryArray(String type, int elementType, int elementBytes, @Nullable Object[] elements) {
        this.type = type;
        this.elementType = elementType;
        this.elementBytes = elementBytes;
        this.elements = elements;
    }

    static BinaryArray of(@Nullable UUID[] elements) {
        return new BinaryArray("_uuid", UUID_TYPE, 2 * Long.BYTES, elements);
    }

    /** Returns an array of times, to the microsecond. */
    static BinaryArray of(@Nullable Instant[] elements) {
        return new BinaryArray("_timestamptz", TIMESTAMPTZ, Long.BYTES, elements);
    }

    @Override
    public int lengthInBytes() {
        int length = HEADER_BYTES;
        for (Object element : elements) {
            length += LENGTH_BYTES + (element == null ? 0 : elementBytes);
        }
        return length;
    }

    @Override
    public void toBytes(byte[] bytes, int offset) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, bytes.length - offset);
        boolean nulls = Arrays.stream(elements).anyMatch(element -> element == null);
        buffer.putInt(1).putInt(nulls ? 1 : 0).putInt(elementType).putInt(elements.length).putInt(1);
        for (Object element : elements) {
            switch (element) {
                case null -> buffer.putInt(NULL_LENGTH);
                case UUID id ->
                        buffer.putInt(elementBytes).putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
                case Instant time -> buffer.putInt(elementBytes).putLong(micros(time));
                default -> throw new IllegalStateException("element: " + element + " (expected: a UUID or a time)");
            }
        }
    }

    private static long micros(Instant time) {
        return Math.addExact(Math.multiplyExact(time.getEpochSecond() - EPOCH_SECOND, 1_000_000L), time.getNano() / 1_000);
    }

    @Override
    public void setByteValue(byte[] bytes, int offset) {
        throw new UnsupportedOperationException("arrays of " + type + " are sent only");
    }

    @Override
    public String getValue() {
        return Arrays.stream(elements)
                .map(element -> element == null ? "NULL" : "\"" + element + "\"")
                .collect(Collectors.joining(",", "{", "}"));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof BinaryArray array && elementType == array.elementType && Arrays.equals(elements, array.elements);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(elements);
    }
}
