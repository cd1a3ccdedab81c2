package dev.spillway.api;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The types of problems that services answer with, each with its usual HTTP status, its stable name on the wire and its title. */
public enum ProblemType {
    /** An error answer that is not one of these, such as a proxy's page or a problem type of a newer server. */
    OTHER(500, "", "The server answered with an error"),

    // The request itself.
    MALFORMED_REQUEST(400, "malformed-request", "This is not HTTP"),
    MALFORMED_PATH(400, "malformed-path", "The path is not percent-encoded UTF-8"),
    MALFORMED_QUERY(400, "malformed-query", "The query is not percent-encoded UTF-8"),
    UNKNOWN_PARAMETER(400, "unknown-parameter", "A query parameter is not known"),
    MALFORMED_BODY(400, "malformed-body", "The body is not JSON"),
    UNEXPECTED_BODY(400, "unexpected-body", "A body was sent where none is expected"),
    UNKNOWN_FIELD(400, "unknown-field", "The body has a field that is not known"),
    INVALID_VALUE(400, "invalid-value", "A value is not valid"),
    UNAUTHENTICATED(401, "unauthenticated", "A token is needed that is known and not over"),
    FORBIDDEN(403, "forbidden", "The token does not allow this"),
    /** A web page sent the request to a server of another origin. */
    OTHER_ORIGIN(403, "other-origin", "A web page of another origin may ask for nothing here"),
    UNKNOWN_PATH(404, "unknown-path", "There is nothing at this path"),
    UNKNOWN_LOGGER(404, "unknown-logger", "There is no such logger"),
    METHOD_NOT_ALLOWED(405, "method-not-allowed", "The path does not take this method"),
    REQUEST_TIMEOUT(408, "request-timeout", "The request did not arrive in time"),
    UPLOAD_TOO_SLOW(408, "upload-too-slow", "The body arrives too slowly"),
    BODY_TOO_LARGE(413, "body-too-large", "The body is too large"),
    PATH_TOO_LONG(414, "path-too-long", "The request line is too long"),
    UNSUPPORTED_MEDIA_TYPE(415, "unsupported-media-type", "The body is of a type that is not taken here"),
    OTHER_NAME(421, "other-name", "This service is not asked by a name of the Internet"),
    IDEMPOTENCY_KEY_REUSED(422, "idempotency-key-reused", "The Idempotency-Key was used for another request"),
    HEADERS_TOO_LARGE(431, "headers-too-large", "The headers are too large"),
    UNSUPPORTED_TRANSFER_ENCODING(501, "unsupported-transfer-encoding", "The body is sent in a way that is not spoken here"),
    VERSION_NOT_SUPPORTED(505, "version-not-supported", "This version of HTTP is not spoken here"),

    // The service.
    INTERNAL_ERROR(500, "internal-error", "Something went wrong inside"),
    OVERLOADED(503, "overloaded", "The service is at its limit"),
    STOPPING(503, "stopping", "The service is stopping"),
    OUTCOME_UNKNOWN(504, "outcome-unknown", "Nobody knows yet whether the change was made"),

    // The registry.
    UNKNOWN_NAMESPACE(404, "unknown-namespace", "There is no such namespace"),
    UNKNOWN_ENTRY(404, "unknown-entry", "There is no such entry"),
    UNKNOWN_EVICTION(404, "unknown-eviction", "There is no such eviction"),
    UNKNOWN_HOST(404, "unknown-host", "There is no such host"),
    UNKNOWN_TOKEN(404, "unknown-token", "There is no such token"),
    TOKEN_EXISTS(409, "token-exists", "A token of this name exists already"),
    TOKEN_IN_FILE(409, "token-in-file", "The token stands in the coordinators' tokens-file"),
    UNKNOWN_PLAN(404, "unknown-plan", "There is no such plan"),
    PLAN_NEEDED(409, "plan-needed", "It would evict more than the namespace's share allows"),
    PLAN_NOT_APPLICABLE(409, "plan-not-applicable", "The plan cannot be applied"),
    NAMESPACE_IN_USE(409, "namespace-in-use", "The namespace has entries, and cannot change what they are"),
    POLICY_NOT_SET(409, "policy-not-set", "Others put too much while room was made"),
    HOST_REFUSED(409, "host-refused", "The host cannot be changed this way now"),
    OTHER_EPOCH(409, "other-epoch", "The registry is in another epoch"),
    FENCED(409, "fenced", "The sender is not the current incarnation of its host"),
    WRITTEN_ALREADY(409, "written-already", "The key has another content, and is written once"),
    GROUP_FULL(409, "group-full", "The group has as many entries as a group may have"),
    PRECONDITION_FAILED(412, "precondition-failed", "What is there does not meet the condition of the request"),
    OTHER_SNAPSHOT(412, "other-snapshot", "The entry names another snapshot"),
    /** Answered with 422 if only the size was stated and no bytes were sent. */
    TOO_LARGE(413, "too-large", "The image can never fit into its namespace"),
    REGISTRY_BUSY(503, "registry-busy", "The registry has more to do than it gets done"),
    REGISTRY_UNAVAILABLE(503, "registry-unavailable", "The registry's database cannot be used right now"),
    BACKLOG(503, "backlog", "Too many evictions are not confirmed yet"),
    NO_ROOM(507, "no-room", "The namespace is full of entries that are promised to stay"),
    /** Answered with 504 if it is not known whether more was done. */
    UNFINISHED(503, "unfinished", "Only a part of the request was carried out"),

    // A host.
    SOURCE_REFUSED(400, "source-refused", "The directory is not taken"),
    OLDER_GENERATION(404, "older-generation", "This host's copy is not the newest"),
    UNKNOWN_HOLD(404, "unknown-hold", "There is no such hold"),
    EVICTED(409, "evicted", "The entry was evicted before its put was answered"),
    OTHER_BACKEND(409, "other-backend", "The namespace is for images of another kind"),
    GENERATION_GONE(409, "generation-gone", "The generation is no longer its entry's"),
    INVALID_IN_PAGER(400, "invalid-in-pager", "A reference to a page or a sequence cannot be right"),
    UNKNOWN_PAGER(404, "unknown-pager", "There is no such pager"),
    UNKNOWN_IN_PAGER(404, "unknown-in-pager", "The pager has no such page, sequence or state"),
    PAGER_EXISTS(409, "pager-exists", "A pager has this name already"),
    SEQUENCE_EXISTS(409, "sequence-exists", "The pager has a sequence of this id already"),
    PAGE_SHARED(409, "page-shared", "More than one sequence has the page"),
    PAGE_RESERVED(409, "page-reserved", "A restore or a copy fills the page"),
    PAGER_PAUSED(409, "pager-paused", "The pager is paused, or its engine does not pause"),
    PAGER_BUSY(409, "pager-busy", "The pager does something else"),
    ENGINE_RUNS(409, "engine-runs", "The pager's engine has not ended"),
    OTHER_LAYOUT(409, "other-layout", "The snapshot is of another model, layout or version"),
    SNAPSHOT_DAMAGED(422, "snapshot-damaged", "The snapshot is not what was captured"),
    MEMORY_DAMAGED(422, "memory-damaged", "The pager's memory is not what was written to it"),
    TREE_REFUSED(422, "tree-refused", "The tree holds what cannot be stored"),
    MALFORMED_ARCHIVE(422, "malformed-archive", "The body is no archive that can be read"),
    NOT_STORED(500, "not-stored", "The tree could not be written"),
    BUSY(503, "busy", "The host is at its limit"),
    HOST_STOPPED(503, "host-stopped", "The host takes nothing more"),
    HOST_DRAINING(503, "host-draining", "The host takes nothing new"),
    TOO_MANY_HOLDS(503, "too-many-holds", "The host grants no more holds now"),
    /** Other hosts have the entry, and none of them could be read. */
    NOT_FETCHED(503, "not-fetched", "No host that has the tree gave a copy"),
    NOT_REGISTERED(503, "not-registered", "The registry did not take the entry"),
    REGISTRY_REFUSED(503, "registry-refused", "The registry does not take this host"),
    REGISTRY_NOT_REACHABLE(503, "registry-not-reachable", "The registry could not be asked"),
    PAGES_EXHAUSTED(507, "pages-exhausted", "The pager has too little free, or the host too little memory"),
    DISK_FULL(507, "disk-full", "The disk of the store is full");

    static final String PREFIX = "urn:spillway:problem:";

    private static final Map<String, ProblemType> BY_URI =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(ProblemType::uri, Function.identity()));

    private final int status;
    private final String slug;
    private final String title;

    ProblemType(int status, String slug, String title) {
        this.status = status;
        this.slug = slug;
        this.title = title;
    }

    /** Returns the usual status. */
    public int status() {
        return status;
    }

    /** Returns the stable name, such as {@code unknown-namespace}, which is the last part of {@link #uri}. */
    public String slug() {
        return slug;
    }

    /** Returns the title in plain words. */
    public String title() {
        return title;
    }

    /** Returns the stable URI, which is the {@code type} of RFC 9457. */
    public String uri() {
        return slug.isEmpty() ? "about:blank" : PREFIX + slug;
    }

    static ProblemType of(String uri) {
        return BY_URI.getOrDefault(uri, OTHER);
    }
}
