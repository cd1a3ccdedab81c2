package dev.spillway.worker.http;

import dev.spillway.api.Headers;
import dev.spillway.artifacts.Artifact;
import dev.spillway.events.ContentDigest;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.worker.core.ArtifactInfo;
import dev.spillway.worker.core.ReplicaRecord;
import dev.spillway.worker.host.Artifacts;
import dev.spillway.worker.host.HostBusyException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The content of an artifact as a body of HTTP: received whole, answered whole, in part, or not at all where the client has it (RFC 9110). */
public final class ArtifactBody {
    private static final Pattern RANGE = Pattern.compile("bytes=([0-9]{0,18})-([0-9]{0,18})");

    private ArtifactBody() {}

    /** An artifact that was received. */
    public record Received(Artifact content, ContentDigest digest) {}

    /**
     * Receives a body, of which no more than the bound of one artifact is taken.
     *
     * @throws HostBusyException if the bodies under way already take as much memory as they may
     */
    public static Received receive(Request request, Artifacts artifacts) throws IOException, HostBusyException, InterruptedException {
        if (!request.isStreamed()) {
            return received(request.bytes());
        }
        long most = request.header("Content-Length").map(Long::parseLong).orElse(artifacts.maxBytes());
        try (Artifacts.Room _ = artifacts.room(Math.min(most, artifacts.maxBytes()))) {
            return received(read(request.stream(), artifacts.maxBytes()));
        }
    }

    private static Received received(byte[] bytes) {
        return new Received(Artifact.shared(bytes), digest(bytes));
    }

    private static byte[] read(InputStream stream, long bytesMax) throws IOException {
        byte[] bytes = stream.readNBytes(Math.toIntExact(bytesMax));
        if (stream.read() >= 0) {
            throw Refusals.artifactTooLarge(bytesMax);
        }
        return bytes;
    }

    /** Returns the SHA-256 of a content. */
    public static ContentDigest digest(byte[] bytes) {
        try {
            return new ContentDigest(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    static ArtifactInfo info(ReplicaRecord replica) {
        return Objects.requireNonNull(replica.artifact(), "artifact");
    }

    /** Answers a GET or HEAD. */
    public static Response answer(Request request, Artifacts.Found.Served served) {
        String tag = "\"" + served.info().content() + "\"";
        if (request.header("If-None-Match").filter(tags -> matches(tags, tag)).isPresent()) {
            return tagged(Response.empty(304), served, tag);
        }
        byte[] content = served.content().toByteArray();
        Optional<Matcher> range = request.header("If-Range").filter(text -> !text.equals(tag)).isPresent() ? Optional.empty()
                : request.header("Range").map(RANGE::matcher).filter(Matcher::matches);
        return tagged(range.map(asked -> part(content, asked)).orElseGet(() -> Response.bytes("application/octet-stream", content)), served,
                tag).header("Accept-Ranges", "bytes");
    }

    private static Response tagged(Response response, Artifacts.Found.Served served, String tag) {
        return response.header("ETag", tag).header(Headers.GENERATION, Long.toString(served.generation()));
    }

    private static boolean matches(String tags, String tag) {
        return Stream.of(tags.split(",")).map(String::strip).anyMatch(one -> one.equals("*") || one.equals(tag) || one.equals("W/" + tag));
    }

    /** Answers a range: from one byte to another, from one to the end, or the last so many. */
    private static Response part(byte[] content, Matcher range) {
        long length = content.length;
        long first;
        long last;
        if (range.group(1).isEmpty()) {
            first = range.group(2).isEmpty() ? length : Math.max(0, length - Long.parseLong(range.group(2)));
            last = length - 1;
        } else {
            first = Long.parseLong(range.group(1));
            last = range.group(2).isEmpty() ? length - 1 : Math.min(length - 1, Long.parseLong(range.group(2)));
        }
        if (first > last) {
            return Response.empty(416).header("Content-Range", "bytes */" + length);
        }
        byte[] part = Arrays.copyOfRange(content, Math.toIntExact(first), Math.toIntExact(last + 1));
        return Response.bytes("application/octet-stream", part)
                .status(206)
                .header("Content-Range", "bytes %d-%d/%d".formatted(first, last, length));
    }
}
