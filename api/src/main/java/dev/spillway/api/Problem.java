package dev.spillway.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An error as a client sees it (RFC 9457, {@code application/problem+json}), without internal details.
 *
 * @param status HTTP status, 400 to 599
 * @param detail what happened: the offending value and the expectation
 * @param retryAfter time after which a retry makes sense
 * @param extensions further members of the JSON object
 */
public record Problem(ProblemType type, int status, String detail, Optional<Duration> retryAfter, Map<String, JsonNode> extensions) {

    public static final String MEDIA_TYPE = "application/problem+json";
    private static final int SHOWN_CHARACTERS = 200;

    public Problem {
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("status: " + status + " (expected: 400 to 599)");
        }
        extensions = Collections.unmodifiableMap(new LinkedHashMap<>(extensions));
    }

    /** Returns a problem with the usual status of its type. */
    public static Problem of(ProblemType type, String detail) {
        return new Problem(type, type.status(), detail, Optional.empty(), Map.of());
    }

    /** Returns the problem of an invalid value, with status 400. */
    public static Problem invalid(String detail) {
        return of(ProblemType.INVALID_VALUE, detail);
    }

    /** Returns the same problem with another status. */
    public Problem status(int other) {
        return new Problem(type, other, detail, retryAfter, extensions);
    }

    public Problem retryAfter(Duration duration) {
        return new Problem(type, status, detail, Optional.of(duration), extensions);
    }

    public Problem with(String member, JsonNode value) {
        var more = new LinkedHashMap<>(extensions);
        more.put(member, value);
        return new Problem(type, status, detail, retryAfter, more);
    }

    public Problem with(String member, String value) {
        return with(member, JsonNodeFactory.instance.textNode(value));
    }

    public Problem with(String member, long value) {
        return with(member, JsonNodeFactory.instance.numberNode(value));
    }

    /** Returns a received text as one line of bounded length, for use in a detail. */
    public static String shown(String text) {
        var line = text.replaceAll("\\p{Cntrl}", "?");
        return line.length() > SHOWN_CHARACTERS ? line.substring(0, SHOWN_CHARACTERS) + "..." : line;
    }

    public ProblemException exception() {
        return new ProblemException(this);
    }

    /** Returns the body of the answer. */
    public ObjectNode toJson() {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("type", type.uri()).put("title", type.title()).put("status", status).put("detail", detail);
        extensions.forEach(json::set);
        return json;
    }

    /** Returns the title and the detail in one line for people. */
    @Override
    public String toString() {
        return status + " " + (type == ProblemType.OTHER ? "" : type.slug() + ": ") + detail;
    }

    /**
     * Reads the body of an error answer. A body that is not a problem, such as a proxy's page, becomes {@link ProblemType#OTHER}. So does a problem
     * of an unknown type, with that type in its detail.
     *
     * @param status the answer's status
     */
    public static Problem read(ObjectMapper mapper, int status, byte[] body, Optional<Duration> retryAfter) {
        JsonNode json;
        try {
            json = mapper.readTree(body);
        } catch (IOException e) {
            json = MissingNode.getInstance();
        }
        var uri = json.path("type").asText();
        if (!uri.startsWith(ProblemType.PREFIX)) {
            return new Problem(ProblemType.OTHER, status, "HTTP " + status + ", an answer without a problem in it", retryAfter, Map.of());
        }
        ProblemType type = ProblemType.of(uri);
        String detail = json.path("detail").asText();
        Map<String, JsonNode> extensions = new LinkedHashMap<>();
        json.properties().forEach(member -> extensions.put(member.getKey(), member.getValue()));
        extensions.keySet().removeAll(List.of("type", "title", "status", "detail"));
        return new Problem(
                type,
                status,
                type == ProblemType.OTHER
                        ? "%s (%s): %s".formatted(json.path("title").asText(), uri.substring(ProblemType.PREFIX.length()), detail)
                        : detail,
                retryAfter,
                extensions);
    }
}
