package dev.spillway.worker.ccache;

import dev.spillway.artifacts.Artifact;
import dev.spillway.artifacts.ArtifactFile;
import dev.spillway.events.Backend;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.artifacts.ReceivedArtifact;
import dev.spillway.worker.core.model.ArtifactInfo;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.host.HostBusyException;
import dev.spillway.worker.host.HostStoppedException;
import dev.spillway.worker.host.artifact.ArrivalRefusedException;
import dev.spillway.worker.host.artifact.HostArtifacts;
import dev.spillway.worker.host.directory.Deletions;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ByteChannel;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Answers requests of ccache, in protocol 1 of its storage helpers. A request that cannot be answered now gets "not found" or "not stored", because
 * after an error ccache uses no cache for the rest of its process. The key of an artifact is ccache's key in hex digits, with the first two as a
 * directory. ccache uses the same names over HTTP in the layout {@code subdirs}. Thread-safe.
 */
public final class HelperRequests {
    /** Protocol 1, with two groups of requests: get, put and remove; and info. */
    private static final byte[] GREETING = {1, 2, 0, 1};
    private static final byte GET = 0;
    private static final byte PUT = 1;
    private static final byte REMOVE = 2;
    private static final byte STOP = 3;
    private static final byte INFO = 4;
    private static final byte OK = 0;
    private static final byte NOOP = 1;
    private static final byte ERROR = 2;
    private static final int OVERWRITE = 1;
    /** Number of hex digits of a key that name its directory. */
    private static final int DIRECTORY_DIGITS = 2;

    private final NamespaceName namespace;
    private final HostArtifacts artifacts;
    private final Deletions deletions;
    private final Supplier<Optional<String>> gone;

    /** @param gone returns why the store is not where it was opened; empty while it is */
    public HelperRequests(NamespaceName namespace, HostArtifacts artifacts, Deletions deletions, Supplier<Optional<String>> gone) {
        this.namespace = namespace;
        this.artifacts = artifacts;
        this.deletions = deletions;
        this.gone = gone;
    }

    /** Answers a client until it leaves. */
    void serve(ByteChannel client) throws IOException, InterruptedException {
        write(client, ByteBuffer.wrap(GREETING));
        while (true) {
            ByteBuffer operation = ByteBuffer.allocate(1);
            if (client.read(operation) < 0) {
                return;
            }
            if (gone.get().isPresent()) {
                error(client, "store: not where it was opened");
                return;
            }
            switch (operation.get(0)) {
                case GET -> get(client);
                case PUT -> {
                    if (!put(client)) {
                        return;
                    }
                }
                case REMOVE -> answer(client, remove(name(client)));
                case STOP -> {
                    // This ends the connection alone, because the worker serves other builds, too.
                    answer(client, OK);
                    return;
                }
                case INFO -> {
                    byte[] identity = "Spillway worker".getBytes(StandardCharsets.UTF_8);
                    write(client, ByteBuffer.allocate(identity.length + 2).put((byte) identity.length).put(identity).put((byte) 0).flip());
                }
                default -> {
                    error(client, "request: not one of protocol 1 (expected: 0 to 4)");
                    return;
                }
            }
        }
    }

    private void get(ByteChannel client) throws IOException, InterruptedException {
        try (HostArtifacts.Found found = artifacts.get(name(client), true)) {
            if (!(found instanceof HostArtifacts.Found.Served served)) {
                answer(client, NOOP);
                return;
            }
            long size = served.content().size();
            write(client, ByteBuffer.allocate(1 + Long.BYTES).order(ByteOrder.nativeOrder()).put(OK).putLong(size).flip());
            switch (served.content()) {
                case Artifact artifact -> write(client, artifact.content().asByteBuffer());
                case ArtifactFile file -> {
                    for (long sent = 0; sent < size;) {
                        sent += file.channel().transferTo(file.offset() + sent, size - sent, client);
                    }
                }
            }
        }
    }

    /** Carries out a put. Returns false if the connection must end, because the value of a refused put was not read. */
    private boolean put(ByteChannel client) throws IOException, InterruptedException {
        EntryName name = name(client);
        boolean overwrite = (read(client, 1).get() & OVERWRITE) != 0;
        long length = read(client, Long.BYTES).order(ByteOrder.nativeOrder()).getLong();
        if (length < 0 || length > artifacts.maxBytes()) {
            error(client, "value: over %d bytes (expected: at most that)".formatted(artifacts.maxBytes()));
            return false;
        }
        var value = new ValueStream(Channels.newInputStream(client), length);
        byte status = !overwrite && artifacts.isHere(name) ? NOOP : put(name, value, length);
        value.skipRest();
        answer(client, status);
        return true;
    }

    private byte put(EntryName name, InputStream value, long length) throws IOException, InterruptedException {
        try (ReceivedArtifact received = artifacts.receive(namespace, value, OptionalLong.of(length))) {
            return switch (artifacts.put(
                    new HostArtifacts.Put(
                            name,
                            new SnapshotId(received.digest().value()),
                            received,
                            new ArtifactInfo(received.digest(), null),
                            Description.NONE,
                            0))) {
                case HostArtifacts.Result.Accepted _, HostArtifacts.Result.Existing _, HostArtifacts.Result.Settled(PutOutcome.Stored _) ->
                        OK;
                default -> NOOP;
            };
        } catch (ArrivalRefusedException | HostBusyException | HostStoppedException _) {
            return NOOP;
        }
    }

    private byte remove(EntryName name) throws IOException, InterruptedException {
        try {
            artifacts.awaitRegistered(name);
            return deletions.delete(name, Backend.ARTIFACT, Optional.empty(), Optional.empty()) instanceof Deletions.Deleted.Done ? OK
                    : NOOP;
        } catch (HostBusyException | HostStoppedException _) {
            return NOOP;
        }
    }

    /** Reads a binary key. */
    private EntryName name(ByteChannel client) throws IOException {
        int length = Byte.toUnsignedInt(read(client, 1).get());
        String hex = HexFormat.of().formatHex(read(client, length).array());
        int split = Math.min(DIRECTORY_DIGITS, hex.length());
        return new EntryName(namespace, new EntryKey(hex.substring(0, split) + "/" + hex.substring(split)));
    }

    private static ByteBuffer read(ByteChannel client, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (client.read(bytes) < 0) {
                throw new EOFException("request: ended after %d bytes (expected: %d)".formatted(bytes.position(), length));
            }
        }
        return bytes.flip();
    }

    private static void answer(ByteChannel client, byte status) throws IOException {
        write(client, ByteBuffer.wrap(new byte[]{status}));
    }

    private static void error(ByteChannel client, String message) throws IOException {
        byte[] text = message.getBytes(StandardCharsets.US_ASCII);
        write(client, ByteBuffer.allocate(text.length + 2).put(ERROR).put((byte) text.length).put(text).flip());
    }

    private static void write(ByteChannel client, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            client.write(bytes);
        }
    }
}
