package dev.spillway.worker.http;

import dev.spillway.api.Headers;
import dev.spillway.artifacts.Artifact;
import dev.spillway.artifacts.ArtifactFile;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.worker.artifacts.ReceivedArtifact;
import dev.spillway.worker.core.model.ArtifactInfo;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.host.artifact.ArrivalRefusedException;
import dev.spillway.worker.host.artifact.HostArtifacts;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The content of an artifact as an HTTP body. It is received whole, and sent whole, in part, or not at all if the client has it (RFC 9110). */
public final class ArtifactBody {
    private static final String MEDIA_TYPE = "application/octet-stream";
    private static final Pattern RANGE = Pattern.compile("bytes=([0-9]{0,18})-([0-9]{0,18})");

    private ArtifactBody() {}

    /** Receives a body, up to the limits of its namespace and of this host. */
    public static ReceivedArtifact receive(Request request, NamespaceName namespace, HostArtifacts artifacts)
            throws IOException {
        try {
            return request.isStreamed() ? artifacts.receive(namespace, request.stream(), announced(request))
                    : artifacts.receive(namespace, new ByteArrayInputStream(request.bytes()), OptionalLong.empty());
        } catch (ArrivalRefusedException e) {
            throw HostProblems.of(e);
        }
    }

    /** Returns the length of the body, if the request states it. */
    public static OptionalLong announced(Request request) {
        return request.header("Content-Length").map(length -> OptionalLong.of(Long.parseLong(length))).orElse(OptionalLong.empty());
    }

    /** Refuses a put of a part of an artifact, which would be kept as the whole. */
    public static void requireNoPart(Request request) {
        request.header("Content-Range").ifPresent(range -> {
            throw new InvalidValueException("Content-Range", range, "a whole artifact");
        });
    }

    static ArtifactInfo info(ReplicaRecord replica) {
        return Objects.requireNonNull(replica.artifact(), "artifact");
    }

    /** Answers a GET or HEAD. The artifact is closed once it is sent. */
    public static Response answer(Request request, HostArtifacts.Found.Served served) {
        String tag = Conditions.tag(served.info().content());
        Conditions conditions = Conditions.of(request);
        Optional<ContentDigest> here = Optional.of(served.info().content());
        if (!conditions.test(here)) {
            served.close();
            return tagged(Response.empty(conditions.matches(here) ? 304 : 412), served, tag);
        }
        boolean whole = request.isHead() || request.header("If-Range").filter(text -> !text.equals(tag)).isPresent();
        Optional<Matcher> range = whole ? Optional.empty() : request.header("Range").map(RANGE::matcher).filter(ArtifactBody::isRange);
        return tagged(range.map(asked -> part(served, asked)).orElseGet(() -> body(served, 0, served.content().size())), served, tag)
                .header("Accept-Ranges", "bytes");
    }

    /** Returns whether a range is well-formed. Any other is ignored (RFC 9110, section 14.1.1). */
    private static boolean isRange(Matcher range) {
        return range.matches() && !(range.group(1).isEmpty() && range.group(2).isEmpty())
                && (range.group(1).isEmpty() || range.group(2).isEmpty()
                        || Long.parseLong(range.group(1)) <= Long.parseLong(range.group(2)));
    }

    private static Response body(HostArtifacts.Found.Served served, long first, long length) {
        return switch (served.content()) {
            case Artifact artifact -> Response.bytes(MEDIA_TYPE, artifact.content().asSlice(first, length).toArray(ValueLayout.JAVA_BYTE));
            case ArtifactFile file -> Response.file(MEDIA_TYPE, file.channel(), file.offset() + first, length, file::close);
        };
    }

    private static Response tagged(Response response, HostArtifacts.Found.Served served, String tag) {
        return response.header("ETag", tag).header(Headers.GENERATION, Long.toString(served.generation()));
    }

    /** Answers a range: from one byte to another, from one byte to the end, or the last bytes. */
    private static Response part(HostArtifacts.Found.Served served, Matcher range) {
        long length = served.content().size();
        long first;
        long last;
        if (range.group(1).isEmpty()) {
            first = Math.max(0, length - Long.parseLong(range.group(2)));
            last = length - 1;
        } else {
            first = Long.parseLong(range.group(1));
            last = range.group(2).isEmpty() ? length - 1 : Math.min(length - 1, Long.parseLong(range.group(2)));
        }
        if (first > last) {
            served.close();
            return Response.empty(416).header("Content-Range", "bytes */" + length);
        }
        return body(served, first, last + 1 - first).status(206)
                .header("Content-Range", "bytes %d-%d/%d".formatted(first, last, length));
    }
}
