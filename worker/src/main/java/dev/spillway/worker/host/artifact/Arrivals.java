package dev.spillway.worker.host.artifact;

import dev.spillway.artifacts.Artifact;
import dev.spillway.artifacts.ArtifactUpload;
import dev.spillway.events.ContentDigest;
import dev.spillway.worker.artifacts.ArtifactImages;
import dev.spillway.worker.artifacts.ReceivedArtifact;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.host.artifact.ArrivalRefusedException.Limit;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Receives artifacts: small ones in memory, large ones in files of the store. A small one goes into a file, too, if no memory is free. Bytes in files
 * count against this host's limit while they arrive. An arrival that is cut off leaves nothing. Blocks; thread-safe.
 */
final class Arrivals {
    /** A larger artifact gets a file of its own, which is synced before it is accepted. */
    static final int IN_MEMORY_MAX = 1 << 20;
    private static final int MEMORY_BYTES_MAX = 128 << 20;
    private static final int ROOM_PART = 64 << 10;
    private static final int CHUNK = 64 << 10;
    /** Number of bytes between two checks of free space. */
    private static final long SPACE_STEP = 4 << 20;

    private final ArtifactImages images;
    private final ImageStore store;
    private final Semaphore rooms = new Semaphore(MEMORY_BYTES_MAX / ROOM_PART);

    Arrivals(ArtifactImages images, ImageStore store) {
        this.images = images;
        this.store = store;
    }

    /**
     * Receives an artifact.
     *
     * @param announced its length, if that is known
     * @throws ArrivalRefusedException if it has more than {@code bytesMax} bytes, or this host has no room for it
     */
    ReceivedArtifact receive(InputStream body, OptionalLong announced, long bytesMax) throws IOException {
        if (announced.orElse(0) > bytesMax) {
            throw tooLarge(bytesMax);
        }
        try (Filing filing = new Filing(announced, bytesMax)) {
            Optional<ReceivedArtifact> small =
                    announced.orElse(0) > IN_MEMORY_MAX ? Optional.empty() : inMemory(body, announced, bytesMax, filing);
            return small.isPresent() ? small.get() : filing.rest(body);
        }
    }

    /**
     * Receives an artifact in memory; empty if it is too large or no memory is free. Memory is taken as bytes arrive, so a client that announces a
     * length and sends nothing takes little.
     *
     * @param filing gets the bytes received so far, if the artifact has to go into a file
     */
    private Optional<ReceivedArtifact> inMemory(InputStream body, OptionalLong announced, long bytesMax, Filing filing)
            throws IOException {
        int most = (int) Math.min(IN_MEMORY_MAX, announced.orElse(bytesMax));
        byte[] bytes = {};
        int size = 0;
        int taken = 0;
        try {
            while (size < most) {
                if (size == bytes.length) {
                    int larger = Math.min(most, Math.max(ROOM_PART, 2 * size));
                    int parts = (larger + ROOM_PART - 1) / ROOM_PART - taken;
                    if (!rooms.tryAcquire(parts)) {
                        filing.write(bytes, size);
                        return Optional.empty();
                    }
                    taken += parts;
                    bytes = Arrays.copyOf(bytes, larger);
                }
                int read = body.read(bytes, size, bytes.length - size);
                if (read < 0) {
                    break;
                }
                size += read;
            }
            int next = size == most ? body.read() : -1;
            if (next < 0) {
                if (announced.isPresent() && size < most) {
                    throw cut(size, most);
                }
                byte[] whole = size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
                return Optional.of(new ReceivedArtifact.InMemory(Artifact.shared(whole), digest(sha256(whole))));
            }
            if (announced.isPresent() || most == bytesMax) {
                throw tooLarge(most);
            }
            filing.write(bytes, size);
            filing.write(new byte[]{(byte) next}, 1);
            return Optional.empty();
        } finally {
            rooms.release(taken);
        }
    }

    /** An arrival in a file of the store, which is made at the first byte. Closing it deletes the file, unless the artifact was received whole. */
    private final class Filing implements AutoCloseable {
        private final OptionalLong announced;
        private final long bytesMax;
        private final ArtifactImages.Reservation counted = images.reservation();
        private final MessageDigest sha256 = newSha256();
        private @Nullable ArtifactUpload upload;
        private long looked;
        private boolean received;

        Filing(OptionalLong announced, long bytesMax) {
            this.announced = announced;
            this.bytesMax = bytesMax;
        }

        private ArtifactUpload opened() throws ArrivalRefusedException {
            ArtifactUpload open = upload;
            if (open == null) {
                reserve(announced.orElse(0));
                try {
                    open = images.upload();
                } catch (IOException e) {
                    throw unwritable(e);
                }
                upload = open;
            }
            return open;
        }

        void write(byte[] bytes, int length) throws IOException {
            ArtifactUpload file = opened();
            long size = file.size() + length;
            if (size > bytesMax) {
                throw tooLarge(bytesMax);
            }
            reserve(size);
            if (size > looked) {
                requireSpace(SPACE_STEP);
                looked = size + SPACE_STEP;
            }
            sha256.update(bytes, 0, length);
            try {
                file.write(bytes, 0, length);
            } catch (IOException e) {
                throw unwritable(e);
            }
        }

        ReceivedArtifact rest(InputStream body) throws IOException {
            ArtifactUpload file = opened();
            byte[] chunk = new byte[CHUNK];
            for (int read = body.read(chunk); read >= 0; read = body.read(chunk)) {
                write(chunk, read);
            }
            if (announced.isPresent() && file.size() != announced.getAsLong()) {
                throw cut(file.size(), announced.getAsLong());
            }
            received = true;
            return new ReceivedArtifact.InFile(file, digest(sha256), counted);
        }

        private void reserve(long bytes) throws ArrivalRefusedException {
            if (bytes > counted.bytes() && !counted.extend(bytes - counted.bytes())) {
                throw new ArrivalRefusedException(Limit.OF_THIS_HOST, HostArtifacts.FULL);
            }
        }

        @Override
        public void close() throws IOException {
            if (!received && upload != null) {
                try (counted) {
                    upload.close();
                }
            }
        }
    }

    private void requireSpace(long bytes) throws IOException {
        if (!store.hasRoomFor(bytes)) {
            throw new ArrivalRefusedException(Limit.OF_THIS_HOST, "disk: %d bytes more would not leave min-free-bytes".formatted(bytes));
        }
    }

    private static ArrivalRefusedException unwritable(IOException cause) {
        var refused = new ArrivalRefusedException(Limit.OF_THIS_HOST, "disk: cannot be written: " + cause.getMessage());
        refused.initCause(cause);
        return refused;
    }

    private static ArrivalRefusedException tooLarge(long bytesMax) {
        return new ArrivalRefusedException(Limit.OF_ONE_ARTIFACT, "artifact: over %d bytes (expected: at most that)".formatted(bytesMax));
    }

    private static EOFException cut(long bytes, long announced) {
        return new EOFException("artifact: %d bytes (expected: %d)".formatted(bytes, announced));
    }

    private static MessageDigest newSha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static MessageDigest sha256(byte[] bytes) {
        MessageDigest sha256 = newSha256();
        sha256.update(bytes);
        return sha256;
    }

    private static ContentDigest digest(MessageDigest sha256) {
        return new ContentDigest(HexFormat.of().formatHex(sha256.digest()));
    }
}
