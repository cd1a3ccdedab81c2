package dev.spillway.dev.fleet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.events.codec.Json;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A client that knows nothing of Spillway's own. */
final class Http {
    private static final ObjectMapper MAPPER = Json.tolerant();
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(Version.HTTP_1_1).connectTimeout(Duration.ofMinutes(1)).build();

    record Answer(int status, String text) {
        JsonNode json() {
            return as(JsonNode.class);
        }

        <T> T as(Class<T> type) {
            return as(MAPPER.constructType(type));
        }

        @SuppressWarnings("TypeParameterUnusedInFormals") // The caller's type and the parameter are one.
        <T> T as(JavaType type) {
            try {
                return MAPPER.readValue(text, type);
            } catch (JsonProcessingException e) {
                throw new AssertionError("answer " + status + ": " + text, e);
            }
        }
    }

    private Http() {}

    static ObjectMapper mapper() {
        return MAPPER;
    }

    static Answer get(String url) throws IOException, InterruptedException {
        return send("GET", url, null, Map.of());
    }

    static Answer send(String method, String url, @Nullable Object body, Map<String, String> headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofMinutes(2));
        headers.forEach(request::header);
        if (body == null) {
            request.method(method, BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json").method(method, BodyPublishers.ofString(MAPPER.writeValueAsString(body)));
        }
        HttpResponse<String> response = CLIENT.send(request.build(), BodyHandlers.ofString());
        return new Answer(response.statusCode(), response.body());
    }

    static String encoded(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
