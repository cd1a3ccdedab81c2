package dev.spillway.artifacts;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * A file of records, written once from its beginning to its end. One thread at a time writes; any thread may read. The file is not mapped into
 * memory, because a disk error or a truncated file would then end the process.
 */
final class Segment implements AutoCloseable {
    static final int COPIED_AT_ONCE = 1 << 18;
    private static final String SUFFIX = ".segment";

    private final Path path;
    private final long number;
    /** A {@link RandomAccessFile}, because an interrupt of a writer would close a channel. */
    private final RandomAccessFile file;
    private final long capacity;
    private volatile FileChannel reading;
    private boolean closed;
    private long end;
    /** Bytes of records of artifacts that are in the store. */
    private long live;
    /** Bytes of records of removals. They are needed until no older segment has the artifacts that they remove. */
    private long removals;

    private Segment(Path path, long number, RandomAccessFile file, long capacity) throws IOException {
        this.path = path;
        this.number = number;
        this.file = file;
        this.capacity = capacity;
        this.reading = FileChannel.open(path, StandardOpenOption.READ);
    }

    static Segment create(Path directory, long number, long size) throws IOException {
        Path path = directory.resolve("%016x%s".formatted(number, SUFFIX));
        Files.createFile(path);
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
        try {
            file.setLength(size);
            Segment segment = new Segment(path, number, file, size);
            syncDirectory(directory);
            return segment;
        } catch (IOException e) {
            file.close();
            Files.delete(path);
            throw e;
        }
    }

    /** Opens a segment of an earlier process. Nothing is appended to it any more. */
    static Segment open(Path path) throws IOException {
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("%s: is no regular file (expected: a segment of artifacts)".formatted(path));
        }
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
        return new Segment(path, number(path), file, file.length());
    }

    /** Returns the paths of a directory's segments, the oldest first. */
    static List<Path> list(Path directory) throws IOException {
        try (var paths = Files.list(directory)) {
            return paths.filter(Segment::isSegment).sorted().toList();
        }
    }

    private static boolean isSegment(Path path) {
        return path.getFileName().toString().matches("[0-9a-f]{16}\\" + SUFFIX);
    }

    private static long number(Path path) {
        return Long.parseUnsignedLong(path.getFileName().toString().substring(0, 16), 16);
    }

    static void syncDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    long number() {
        return number;
    }

    /**
     * Reads the bytes of a record, as they are on the disk now; fewer if the file ends before. Any thread may call it, also an interrupted one: if an
     * interrupt has closed the channel, each thread opens it again.
     */
    byte[] read(SegmentRecord record) throws IOException {
        return read(record.offset(), SegmentRecord.HEADER + record.length());
    }

    private byte[] read(long offset, int length) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                FileChannel channel = reading;
                try {
                    return read(channel, offset, length);
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                    reopen(channel);
                } catch (ClosedChannelException e) {
                    reopen(channel);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static byte[] read(FileChannel channel, long offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, offset + bytes.position()) < 0) {
                return Arrays.copyOf(bytes.array(), bytes.position());
            }
        }
        return bytes.array();
    }

    /**
     * Opens the file for one reader, who closes it. The open file stays readable after this segment is deleted.
     *
     * @throws NoSuchFileException if it is deleted already
     */
    FileChannel open() throws IOException {
        return FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    }

    private synchronized void reopen(FileChannel lost) throws IOException {
        if (closed) {
            throw new NoSuchFileException(path.toString());
        }
        if (reading.equals(lost)) {
            reading = FileChannel.open(path, StandardOpenOption.READ);
        }
    }

    boolean hasRoomFor(long length) {
        return end + SegmentRecord.space(length) <= capacity;
    }

    /** Returns the bytes that the file takes. */
    long size() {
        return end;
    }

    /** Returns the number of bytes that emptying this segment would free. */
    long dead(boolean oldest) {
        return end - live - (oldest ? 0 : removals);
    }

    void removal(SegmentRecord record) {
        removals += record.space();
    }

    void live(SegmentRecord record) {
        live += record.space();
    }

    void dead(SegmentRecord record) {
        live -= record.space();
    }

    /**
     * Appends a record. After a failure, the next record is written in its place.
     *
     * @param buffer a buffer of {@link #COPIED_AT_ONCE} bytes. The caller owns it, so that old segments need none
     */
    SegmentRecord append(SegmentRecord.Kind kind, Fingerprint fingerprint, MemorySegment content, byte[] buffer) throws IOException {
        file.seek(end);
        SegmentRecord.header(kind, fingerprint, content).get(buffer, 0, SegmentRecord.HEADER);
        int filled = SegmentRecord.HEADER;
        for (long copied = 0; copied < content.byteSize();) {
            int length = (int) Math.min(content.byteSize() - copied, buffer.length - filled);
            MemorySegment.copy(content, copied, MemorySegment.ofArray(buffer), filled, length);
            copied += length;
            file.write(buffer, 0, filled + length);
            filled = 0;
        }
        if (filled > 0) {
            file.write(buffer, 0, filled);
        }
        SegmentRecord record = new SegmentRecord(kind, fingerprint, (int) end, (int) content.byteSize());
        end += record.space();
        return record;
    }

    /**
     * Returns the records of an opened segment in the order of writing. It reads the segment's index; if there is none, as after a crash, it scans
     * the segment.
     *
     * @param damaged counts damaged records, except for a partial one at the end, which a crash cut off
     */
    List<SegmentRecord> records(LongAdder damaged) throws IOException {
        List<SegmentRecord> records = SegmentIndex.read(indexPath(), capacity);
        if (records == null) {
            return scan(damaged);
        }
        end = records.isEmpty() ? 0 : records.getLast().offset() + records.getLast().space();
        return records;
    }

    /** Ends the segment: writes its index. */
    void seal(List<SegmentRecord> records) {
        SegmentIndex.write(indexPath(), records);
    }

    private Path indexPath() {
        return path.resolveSibling(path.getFileName().toString().replace(SUFFIX, SegmentIndex.SUFFIX));
    }

    /** Scans the segment, and skips everything that is not a whole and intact record. */
    private List<SegmentRecord> scan(LongAdder damaged) throws IOException {
        List<SegmentRecord> records = new ArrayList<>();
        int notIntact = 0;
        long windowStart = 0;
        byte[] window = {};
        for (long offset = 0; offset + SegmentRecord.HEADER <= capacity;) {
            if (offset + SegmentRecord.HEADER > windowStart + window.length) {
                windowStart = offset;
                window = read(offset, (int) Math.min(COPIED_AT_ONCE, capacity - offset));
                if (window.length < SegmentRecord.HEADER) {
                    break;
                }
            }
            SegmentRecord record = SegmentRecord.read(window, (int) (offset - windowStart), (int) offset);
            if (record == null) {
                offset += Long.BYTES;
                continue;
            }
            if (record.isIntact(read(record))) {
                records.add(record);
                end = offset + record.space();
                damaged.add(notIntact);
                notIntact = 0;
            } else {
                notIntact++;
            }
            // A damaged content is skipped, too, because bytes in it may look like records.
            offset += record.space();
        }
        return records;
    }

    void sync() throws IOException {
        file.getFD().sync();
    }

    synchronized void delete() throws IOException {
        close();
        Files.deleteIfExists(path);
        Files.deleteIfExists(indexPath());
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        reading.close();
        file.close();
    }
}
