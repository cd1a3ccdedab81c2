package dev.spillway.service.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An error as a client sees it (RFC 9457, {@code application/problem+json}): nothing of the inside.
 *
 * @param status HTTP status, 400 to 599
 * @param slug stable name of the kind of problem, such as {@code unknown-namespace}; the last part of {@link #type}
 * @param title what kind of problem it is, the same for each of its kind
 * @param detail what happened here: the offending value and what was expected
 * @param retryAfter when it makes sense to try again
 * @param extensions further members
 */
public record Problem(int status, String slug, String title, String detail, Optional<Duration> retryAfter,
        Map<String, JsonNode> extensions) {

    public static final String MEDIA_TYPE = "application/problem+json";

    private static final String TYPE_PREFIX = "urn:spillway:problem:";

    public Problem {
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("status: " + status + " (expected: 400 to 599)");
        }
        extensions = Map.copyOf(extensions);
    }

    public static Problem of(int status, String slug, String title, String detail) {
        return new Problem(status, slug, title, detail, Optional.empty(), Map.of());
    }

    /** 400: a value that is refused. */
    public static Problem invalid(String detail) {
        return of(400, "invalid-value", "A value is not valid", detail);
    }

    public Problem retryAfter(Duration duration) {
        return new Problem(status, slug, title, detail, Optional.of(duration), extensions);
    }

    public Problem with(String member, JsonNode value) {
        var more = new LinkedHashMap<>(extensions);
        more.put(member, value);
        return new Problem(status, slug, title, detail, retryAfter, more);
    }

    public Problem with(String member, String value) {
        return with(member, JsonNodeFactory.instance.textNode(value));
    }

    /** Stable URI of this kind of problem. */
    public String type() {
        return slug.isEmpty() ? "about:blank" : TYPE_PREFIX + slug;
    }

    public ProblemException exception() {
        return new ProblemException(this);
    }

    ObjectNode toJson() {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("type", type()).put("title", title).put("status", status).put("detail", detail);
        extensions.forEach(json::set);
        return json;
    }

    /**
     * Reads the body of an answer that says an error. A body that is no problem, as a proxy's page, becomes one without a slug.
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
        var type = json.path("type").asText();
        if (!type.startsWith(TYPE_PREFIX)) {
            return new Problem(status, "", "HTTP " + status, "an answer without a problem in it", retryAfter, Map.of());
        }
        Map<String, JsonNode> extensions = new LinkedHashMap<>();
        json.properties().forEach(member -> extensions.put(member.getKey(), member.getValue()));
        extensions.keySet().removeAll(List.of("type", "title", "status", "detail"));
        return new Problem(status, type.substring(TYPE_PREFIX.length()), json.path("title").asText(), json.path("detail").asText(),
                retryAfter, extensions);
    }
}
