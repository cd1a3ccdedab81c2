package dev.spillway.artifacts;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** A file with the list of a segment's records, so that a start need not scan the segment. If the file is missing or damaged, the start scans it. */
final class SegmentIndex {
    static final String SUFFIX = ".index";
    private static final int RECORD = Fingerprint.BYTES + 2 * Integer.BYTES;
    private static final int REMOVAL = -1;
    private static final int LARGE = -2;

    private SegmentIndex() {}

    /** Writes records; ignores failures of the disk. A record that is not a put has a negative length. */
    static void write(Path path, List<SegmentRecord> records) {
        ByteBuffer bytes = ByteBuffer.allocate(records.size() * RECORD + Integer.BYTES);
        for (SegmentRecord record : records) {
            record.fingerprint().write(bytes);
            bytes.putInt(record.offset()).putInt(switch (record.kind()) {
                case PUT -> record.length();
                case REMOVE -> REMOVAL;
                case LARGE -> LARGE;
            });
        }
        bytes.putInt(sum(bytes.array()));
        Path unfinished = path.resolveSibling(path.getFileName() + ".unfinished");
        try {
            try {
                Files.write(unfinished, bytes.array());
                Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(unfinished);
            }
        } catch (IOException e) {
            // The next start scans the segment.
        }
    }

    /**
     * @param size length of the segment, in which all records must lie
     * @return null if the index is missing or damaged
     */
    static @Nullable List<SegmentRecord> read(Path path, long size) throws IOException {
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            return null;
        }
        byte[] content = Files.readAllBytes(path);
        if (content.length % RECORD != Integer.BYTES) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(content);
        if (bytes.getInt(content.length - Integer.BYTES) != sum(content)) {
            return null;
        }
        List<SegmentRecord> records = new ArrayList<>(content.length / RECORD);
        while (bytes.remaining() > Integer.BYTES) {
            Fingerprint fingerprint = Fingerprint.read(bytes);
            int offset = bytes.getInt();
            int length = bytes.getInt();
            SegmentRecord record = switch (length) {
                case REMOVAL -> new SegmentRecord(SegmentRecord.Kind.REMOVE, fingerprint, offset, 0);
                case LARGE -> new SegmentRecord(SegmentRecord.Kind.LARGE, fingerprint, offset, LargeFile.BYTES);
                default -> new SegmentRecord(SegmentRecord.Kind.PUT, fingerprint, offset, length);
            };
            if (offset < 0 || record.length() < 0 || offset + record.space() > size) {
                return null;
            }
            records.add(record);
        }
        return records;
    }

    private static int sum(byte[] content) {
        CRC32C crc = new CRC32C();
        crc.update(content, 0, content.length - Integer.BYTES);
        return (int) crc.getValue();
    }
}
