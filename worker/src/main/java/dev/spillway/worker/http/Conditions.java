package dev.spillway.worker.http;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.service.http.Request;
import dev.spillway.worker.host.HostBusyException;
import dev.spillway.worker.host.HostStoppedException;
import dev.spillway.worker.host.artifact.HostArtifacts;
import java.io.IOException;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The conditions of a request on the current artifact (RFC 9110, section 13.1). The entity tag of an artifact is strong: the digest of its content.
 *
 * @param match       If-Match; compared strongly, so that a weak tag matches nothing
 * @param noneMatch   If-None-Match; compared weakly
 */
public record Conditions(Optional<String> match, Optional<String> noneMatch) implements HostArtifacts.Condition {
    public static Conditions of(Request request) {
        return new Conditions(request.header("If-Match"), request.header("If-None-Match"));
    }

    static String tag(ContentDigest content) {
        return "\"" + content + "\"";
    }

    private boolean isEmpty() {
        return match.isEmpty() && noneMatch.isEmpty();
    }

    /** Refuses a put whose conditions do not hold, before its body is received. */
    public void requireForPut(HostId host, HostArtifacts artifacts, EntryName name) throws IOException, InterruptedException {
        require(host, artifacts, name, this);
    }

    /** Refuses a deletion whose conditions do not hold. A missing artifact is refused as missing. */
    public void requireForDeletion(HostId host, HostArtifacts artifacts, EntryName name) throws IOException, InterruptedException {
        require(host, artifacts, name, here -> here.isEmpty() || test(here));
    }

    private void require(HostId host, HostArtifacts artifacts, EntryName name, HostArtifacts.Condition condition)
            throws IOException, InterruptedException {
        if (!isEmpty()) {
            artifacts.unmet(name, condition).ifPresent(refused -> {
                throw HostProblems.of(host, name, 0, refused);
            });
        }
    }

    /** Keeps an artifact where the conditions hold. */
    public HostArtifacts.Result put(HostArtifacts artifacts, HostArtifacts.Put put)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        return isEmpty() ? artifacts.put(put) : artifacts.put(put, this);
    }

    /** Returns whether both conditions hold. */
    @Override
    public boolean test(Optional<ContentDigest> here) {
        return matches(here) && !isKnown(here);
    }

    /** Returns whether If-Match holds. */
    boolean matches(Optional<ContentDigest> here) {
        return match.isEmpty()
                || here.filter(content -> listed(match.get()).anyMatch(one -> one.equals("*") || one.equals(tag(content)))).isPresent();
    }

    /** Returns whether If-None-Match names the current content, so that the client has it already. */
    boolean isKnown(Optional<ContentDigest> here) {
        return here.isPresent() && noneMatch.stream()
                .flatMap(Conditions::listed)
                .map(one -> one.startsWith("W/") ? one.substring(2) : one)
                .anyMatch(one -> one.equals("*") || one.equals(tag(here.get())));
    }

    private static Stream<String> listed(String tags) {
        return Stream.of(tags.split(",")).map(String::strip);
    }
}
