package dev.spillway.pager;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.events.codec.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes a new pack: a safetensors file whose tensors follow each other without a gap. Space for the header is reserved at the beginning. The part
 * that is not needed is filled with spaces, as the format allows. Used by one thread.
 */
final class PackWriter implements AutoCloseable {
    static final int TENSORS_MAX = 4096;
    private static final long BYTES_MAX = 256 << 20;
    private static final int TENSOR_JSON_MAX = 320;
    private static final int BLOCK = 4096;
    private static final ObjectMapper JSON = Json.strict();

    private final String name;
    private final FileChannel file;
    private final int tensorsMax;
    private final int headerBytes;
    private final ObjectNode header = JSON.createObjectNode();
    private long bytes;
    private int tensors;

    PackWriter(Path directory, String name, int expectedTensors) throws IOException {
        this.name = name;
        this.tensorsMax = Math.min(TENSORS_MAX, expectedTensors);
        int room = tensorsMax * TENSOR_JSON_MAX + BLOCK;
        this.headerBytes = Math.ceilDiv(room, BLOCK) * BLOCK;
        this.file = FileChannel.open(
                directory.resolve(name),
                Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
        // The metadata does not name the model, because captures of other models may link the pack if they have equal bytes.
        header.putObject("__metadata__").put("format", "spillway-kv-pack").put("version", "1");
    }

    String name() {
        return name;
    }

    boolean isFull() {
        return tensors >= tensorsMax || bytes >= BYTES_MAX;
    }

    long bytes() {
        return headerBytes + bytes;
    }

    PackPage add(ElementType elements, List<Long> dimensions, ByteBuffer content, PageHash hash, @Nullable PageCheck check)
            throws IOException {
        int length = content.remaining();
        ByteBuffer rest = content.duplicate();
        while (rest.hasRemaining()) {
            file.write(rest, headerBytes + bytes + rest.position() - content.position());
        }
        ObjectNode tensor = header.putObject(Integer.toString(tensors)).put("dtype", elements.name());
        dimensions.forEach(tensor.putArray("shape")::add);
        tensor.putArray("data_offsets").add(bytes).add(bytes + length);
        bytes += length;
        tensors++;
        return new PackPage(name, tensors - 1, hash, check);
    }

    /** Returns whether a tensor of this pack has these bytes. */
    boolean holds(PackPage page, ByteBuffer content) throws IOException {
        long offset = header.get(Integer.toString(page.at())).get("data_offsets").get(0).asLong();
        return PackReader.equal(file, headerBytes + offset, content);
    }

    /** Makes the pack whole and durable. */
    void finish() throws IOException {
        byte[] json = JSON.writeValueAsBytes(header);
        if (json.length + Long.BYTES > headerBytes) {
            throw new IllegalStateException(
                    "the header of a pack takes %d bytes (expected: at most %d)".formatted(json.length, headerBytes));
        }
        ByteBuffer head = ByteBuffer.allocate(headerBytes).order(ByteOrder.LITTLE_ENDIAN).putLong(headerBytes - Long.BYTES).put(json);
        while (head.hasRemaining()) {
            head.put((byte) ' ');
        }
        head.flip();
        while (head.hasRemaining()) {
            file.write(head, head.position());
        }
        file.force(true);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
