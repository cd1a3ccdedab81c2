package dev.spillway.worker.host;

import dev.spillway.artifacts.Artifact;
import dev.spillway.artifacts.ArtifactUpload;
import dev.spillway.events.ContentDigest;
import dev.spillway.worker.artifacts.ArtifactImages;
import dev.spillway.worker.artifacts.ReceivedArtifact;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.host.ArrivalRefusedException.Limit;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Takes artifacts in: small ones into memory, large ones into files of the store, where they count against the limit of this host while they arrive.
 * An arrival that is cut off leaves nothing. Blocks; thread-safe.
 */
final class Arrivals {
    /** A larger artifact gets a file of its own, which is synced before it is accepted. */
    static final int IN_MEMORY_MAX = 1 << 20;
    private static final int MEMORY_BYTES_MAX = 128 << 20;
    private static final int ROOM_PART = 64 << 10;
    private static final int CHUNK = 64 << 10;
    /** Bytes after which the disk is looked at again. */
    private static final long SPACE_STEP = 4 << 20;

    private final ArtifactImages images;
    private final ImageStore store;
    private final Duration patience;
    private final Semaphore rooms = new Semaphore(MEMORY_BYTES_MAX / ROOM_PART);

    /** @param patience how long a small artifact waits for memory */
    Arrivals(ArtifactImages images, ImageStore store, Duration patience) {
        this.images = images;
        this.store = store;
        this.patience = patience;
    }

    /**
     * Takes an artifact in.
     *
     * @param announced its length, if that is known
     * @throws ArrivalRefusedException if it is over {@code bytesMax}, or over what this host keeps
     * @throws HostBusyException if artifacts that arrive take as much memory as they may
     */
    ReceivedArtifact receive(InputStream body, OptionalLong announced, long bytesMax)
            throws IOException, HostBusyException, InterruptedException {
        if (announced.orElse(0) > bytesMax) {
            throw tooLarge(bytesMax);
        }
        if (announced.orElse(0) > IN_MEMORY_MAX) {
            return stream(new byte[0], body, announced, bytesMax);
        }
        int most = (int) Math.min(IN_MEMORY_MAX, announced.orElse(bytesMax));
        int parts = most / ROOM_PART + 1;
        if (!rooms.tryAcquire(parts, patience.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new HostBusyException("as many bytes of artifacts arrive at once as are taken");
        }
        byte[] begin;
        try {
            begin = announced.isPresent() ? whole(body, most) : body.readNBytes(most);
            int next = begin.length == most ? body.read() : -1;
            if (next < 0) {
                return new ReceivedArtifact.InMemory(Artifact.shared(begin), digest(sha256(begin, begin.length)));
            }
            if (announced.isPresent() || most == bytesMax) {
                throw tooLarge(most);
            }
            begin = Arrays.copyOf(begin, begin.length + 1);
            begin[begin.length - 1] = (byte) next;
        } finally {
            rooms.release(parts);
        }
        return stream(begin, body, announced, bytesMax);
    }

    private static byte[] whole(InputStream body, int length) throws IOException {
        byte[] bytes = new byte[length];
        int read = body.readNBytes(bytes, 0, length);
        if (read < length) {
            throw new EOFException("artifact: ended after %d bytes (expected: %d)".formatted(read, length));
        }
        return bytes;
    }

    private ReceivedArtifact stream(byte[] begin, InputStream body, OptionalLong announced, long bytesMax) throws IOException {
        ArtifactImages.Reservation counted = images.reservation();
        boolean received = false;
        ArtifactUpload upload = upload();
        try {
            reserve(counted, Math.max(begin.length, announced.orElse(0)));
            MessageDigest sha256 = sha256(begin, begin.length);
            write(upload, begin, begin.length);
            byte[] chunk = new byte[CHUNK];
            long looked = 0;
            for (int read = body.read(chunk); read >= 0; read = body.read(chunk)) {
                long size = upload.size() + read;
                if (size > bytesMax) {
                    throw tooLarge(bytesMax);
                }
                if (size > counted.bytes()) {
                    reserve(counted, size - counted.bytes());
                }
                if (size > looked) {
                    requireSpace(SPACE_STEP);
                    looked = size + SPACE_STEP;
                }
                sha256.update(chunk, 0, read);
                write(upload, chunk, read);
            }
            if (announced.isPresent() && upload.size() != announced.getAsLong()) {
                throw new EOFException("artifact: %d bytes (expected: %d)".formatted(upload.size(), announced.getAsLong()));
            }
            received = true;
            return new ReceivedArtifact.InFile(upload, digest(sha256), counted);
        } finally {
            if (!received) {
                try (counted) {
                    upload.close();
                }
            }
        }
    }

    private void reserve(ArtifactImages.Reservation counted, long bytes) throws ArrivalRefusedException {
        if (!counted.extend(bytes)) {
            throw new ArrivalRefusedException(Limit.OF_THIS_HOST, Artifacts.FULL);
        }
    }

    private void requireSpace(long bytes) throws IOException {
        if (!store.hasRoomFor(bytes)) {
            throw new ArrivalRefusedException(Limit.OF_THIS_HOST, "disk: %d bytes more would not leave min-free-bytes".formatted(bytes));
        }
    }

    private ArtifactUpload upload() throws ArrivalRefusedException {
        try {
            return images.upload();
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    private static void write(ArtifactUpload upload, byte[] bytes, int length) throws ArrivalRefusedException {
        try {
            upload.write(bytes, 0, length);
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    private static ArrivalRefusedException unwritable(IOException cause) {
        var refused = new ArrivalRefusedException(Limit.OF_THIS_HOST, "disk: cannot be written: " + cause.getMessage());
        refused.initCause(cause);
        return refused;
    }

    private static ArrivalRefusedException tooLarge(long bytesMax) {
        return new ArrivalRefusedException(Limit.OF_ONE_ARTIFACT,
                "artifact: over %d bytes (expected: at most that)".formatted(bytesMax));
    }

    private static MessageDigest sha256(byte[] bytes, int length) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(bytes, 0, length);
            return sha256;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static ContentDigest digest(MessageDigest sha256) {
        return new ContentDigest(HexFormat.of().formatHex(sha256.digest()));
    }
}
