package dev.spillway.pager;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.events.codec.Json;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads a pack. Its whole header is verified when it is opened. */
final class PackReader implements AutoCloseable {
    private static final int HEADER_BYTES_MAX = 16 << 20;
    private static final int COMPARED_AT_ONCE = 1 << 20;
    private static final ObjectMapper JSON = Json.strict();

    private final String name;
    private final FileChannel file;
    private final List<Tensor> tensors;

    private record Tensor(String dtype, List<Long> shape, long offset, long bytes) {
        boolean is(ElementType elements, List<Long> dimensions) {
            return dtype.equals(elements.name()) && shape.equals(dimensions) && bytes == PageShape.bytes(elements, dimensions);
        }
    }

    private PackReader(String name, FileChannel file, List<Tensor> tensors) {
        this.name = name;
        this.file = file;
        this.tensors = tensors;
    }

    /** @throws PagerRefusedException if the file is missing, a link, no pack, or truncated */
    static PackReader open(Path directory, String name) throws IOException {
        Path path = directory.resolve(name);
        FileChannel file;
        try {
            // Checked before the open, which would not follow a link either, but would block on a pipe without a writer.
            if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).isRegularFile()) {
                throw damaged(name, "is no regular file");
            }
            file = FileChannel.open(path, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
        } catch (NoSuchFileException e) {
            throw damaged(name, "is missing");
        }
        boolean open = false;
        try {
            PackReader pack = new PackReader(name, file, tensors(name, file));
            open = true;
            return pack;
        } finally {
            if (!open) {
                file.close();
            }
        }
    }

    private static List<Tensor> tensors(String name, FileChannel file) throws IOException {
        ByteBuffer length = read(name, file, 0, Long.BYTES);
        long headerBytes = length.getLong(0);
        if (headerBytes < 2 || headerBytes > HEADER_BYTES_MAX) {
            throw damaged(name, "has a header of %d bytes (expected: 2 to %d)".formatted(headerBytes, HEADER_BYTES_MAX));
        }
        byte[] json = read(name, file, Long.BYTES, (int) headerBytes).array();
        JsonNode header;
        try {
            header = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw damaged(name, "has a header that is no JSON");
        }
        List<Tensor> tensors = new ArrayList<>();
        long end = 0;
        for (int at = 0; at < header.size() - 1; at++) {
            JsonNode tensor = header.path(Integer.toString(at));
            JsonNode offsets = tensor.path("data_offsets");
            long from = offsets.path(0).asLong(-1);
            long to = offsets.path(1).asLong(-1);
            if (!offsets.path(0).isIntegralNumber() || !offsets.path(1).isIntegralNumber() || from != end || to <= from
                    || to - from > PageShape.BYTES_MAX) {
                throw damaged(name, "has tensor %d at %d to %d (expected: after %d)".formatted(at, from, to, end));
            }
            List<Long> shape = new ArrayList<>();
            tensor.path("shape").forEach(one -> shape.add(one.asLong(-1)));
            tensors.add(new Tensor(tensor.path("dtype").asText(), shape, Long.BYTES + headerBytes + from, to - from));
            end = to;
        }
        if (Long.BYTES + headerBytes + end != file.size()) {
            throw damaged(name, "has %d bytes (expected: %d)".formatted(file.size(), Long.BYTES + headerBytes + end));
        }
        return tensors;
    }

    private static ByteBuffer read(String name, FileChannel file, long position, int bytes) throws IOException {
        return read(name, file, position, ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN));
    }

    private static ByteBuffer read(String name, FileChannel file, long position, ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            if (file.read(into, position + into.position()) < 0) {
                throw damaged(name, "ends at %d (expected: %d bytes more)".formatted(position + into.position(), into.remaining()));
            }
        }
        return into.flip();
    }

    private static PagerRefusedException damaged(String name, String detail) {
        return new PagerRefusedException(Reason.DAMAGED, "pack " + name + ": " + detail);
    }

    int count() {
        return tensors.size();
    }

    /** Returns the bytes of all tensors. */
    long bytes() {
        return tensors.stream().mapToLong(Tensor::bytes).sum();
    }

    FileChannel file() {
        return file;
    }

    /** Returns the place of a tensor of this type and shape in the file. */
    long offset(int at, ElementType elements, List<Long> dimensions) {
        if (at < 0 || at >= tensors.size()) {
            throw damaged(name, "has no tensor %d (expected: 0 to %d)".formatted(at, tensors.size() - 1));
        }
        Tensor tensor = tensors.get(at);
        if (!tensor.is(elements, dimensions)) {
            throw damaged(
                    name,
                    "has tensor %d of %s %s in %d bytes (expected: %s %s)".formatted(
                            at,
                            tensor.dtype(),
                            tensor.shape(),
                            tensor.bytes(),
                            elements,
                            dimensions));
        }
        return tensor.offset();
    }

    /**
     * Reads a tensor of this type and shape.
     *
     * @param into cleared and filled from its beginning
     */
    void read(int at, ElementType elements, List<Long> dimensions, ByteBuffer into) throws IOException {
        long offset = offset(at, elements, dimensions);
        read(name, file, offset, into.clear().limit(Math.toIntExact(tensors.get(at).bytes())));
    }

    /** Returns whether a tensor has this type, this shape and these bytes. */
    boolean holds(int at, ElementType elements, List<Long> dimensions, ByteBuffer content) throws IOException {
        return at < tensors.size() && tensors.get(at).is(elements, dimensions) && equal(file, tensors.get(at).offset(), content);
    }

    static boolean equal(FileChannel file, long position, ByteBuffer content) throws IOException {
        ByteBuffer there = ByteBuffer.allocate(Math.min(COMPARED_AT_ONCE, content.remaining()));
        for (int at = 0; at < content.remaining(); at += there.limit()) {
            there.clear().limit(Math.min(COMPARED_AT_ONCE, content.remaining() - at));
            while (there.hasRemaining()) {
                if (file.read(there, position + at + there.position()) < 0) {
                    return false;
                }
            }
            if (MemorySegment.ofBuffer(there.flip())
                    .mismatch(MemorySegment.ofBuffer(content.slice(content.position() + at, there.limit()))) >= 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
