package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/** A service that is held to its own OpenAPI description in each exchange, and the operations that were exercised. */
final class DescribedService implements AutoCloseable {
    private static final String JSON = "application/json";
    private static final String BYTES = "application/octet-stream";

    private final String url;
    private final HttpClient client = HttpClient.newBuilder().version(Version.HTTP_1_1).build();
    private final JsonNode description;
    private final Set<String> exercised = new TreeSet<>();

    @SuppressWarnings("ArrayRecordComponent") // Read once, never compared.
    private record Exchange(String operation, JsonNode described, int status, String mediaType, byte[] body) {}

    DescribedService(String url) throws IOException {
        this.url = url;
        try (InputStream text = URI.create(url + "/openapi.yaml").toURL().openStream()) {
            this.description = new YAMLMapper().readTree(text);
        }
    }

    /** Each operation of the description, such as {@code GET /livez}. */
    Set<String> operations() {
        Set<String> operations = new TreeSet<>();
        description.path("paths").properties().forEach(path -> path.getValue().properties().forEach(verb -> {
            if (!verb.getKey().equals("parameters")) {
                operations.add(operation(verb.getKey(), path.getKey()));
            }
        }));
        return operations;
    }

    /** Those that did what they were asked. */
    Set<String> exercised() {
        return exercised;
    }

    JsonNode get(String path) throws IOException, InterruptedException {
        return done("GET", path, null);
    }

    /** Expects that a request without a body, or with one of bytes or in JSON, is done, and returns its answer: a text where it is no JSON. */
    JsonNode done(String method, String path, @Nullable Object body) throws IOException, InterruptedException {
        Exchange exchange = exchange(method, path, body);
        assertThat(exchange.status()).as(shown(exchange)).isBetween(200, 299);
        if (body != null) {
            JsonNode sent = resolved(exchange.described().path("requestBody")).path("content");
            if (body instanceof byte[]) {
                assertThat(sent.has(BYTES)).as("%s: takes bytes", exchange.operation()).isTrue();
            } else if (!sent.has("*/*")) {
                conforms(exchange.operation() + ", its body", sent.path(JSON).path("schema"), Http.mapper().valueToTree(body));
            }
        }
        exercised.add(exchange.operation());
        return read(exchange);
    }

    /** Expects that a request is refused with a status. */
    JsonNode refused(int status, String method, String path, @Nullable Object body) throws IOException, InterruptedException {
        Exchange exchange = exchange(method, path, body);
        assertThat(exchange.status()).as(shown(exchange)).isEqualTo(status);
        return read(exchange);
    }

    /** Expects that each operation refuses a web page of another origin, and that it describes both refusals of web pages. */
    void refusesWebPagesOfOthers() throws IOException, InterruptedException {
        for (String operation : operations()) {
            String method = operation.replaceFirst(" .*", "");
            String template = operation.replaceFirst(".* ", "");
            JsonNode described = description.path("paths").path(template).path(method.toLowerCase(Locale.ROOT));
            HttpResponse<byte[]> response =
                    client.send(
                            HttpRequest.newBuilder(URI.create(url + template.replaceAll("\\{[^}]*}", "x")))
                                    .header("Origin", "http://elsewhere.example")
                                    .method(method, BodyPublishers.noBody())
                                    .build(),
                            BodyHandlers.ofByteArray());
            requireDescribed(new Exchange(operation, described, response.statusCode(), mediaType(response), response.body()));
            assertThat(response.statusCode()).as(operation).isEqualTo(403);
            assertThat(described.path("responses").has("403")).as(operation).isTrue();
            assertThat(resolved(described.path("responses").path("421")).path("description").asText()).as(operation)
                    .startsWith("other-name");
        }
    }

    /** Expects that the root leads to a page that names the service, and that whatever the page links is there. Returns the links. */
    List<String> startPage(String title) throws IOException, InterruptedException {
        HttpResponse<String> root = page("/");
        assertThat(root.statusCode()).isEqualTo(302);
        HttpResponse<String> page = page(root.headers().firstValue("Location").orElseThrow());
        assertThat(page.statusCode()).as(page.body()).isEqualTo(200);
        assertThat(page.body()).contains("<title>" + title + "</title>", "<h1>" + title + "</h1>")
                .doesNotContainPattern("<script(?![^>]* src=)");
        assertThat(page("/ui/style.css").statusCode()).isEqualTo(200);
        List<String> links = Pattern.compile("<a href=\"([^\"]*)\"").matcher(page.body()).results().map(link -> link.group(1)).toList();
        for (String link : links) {
            assertThat(page(link).statusCode()).as(link).isEqualTo(200);
        }
        return links;
    }

    private HttpResponse<String> page(String path) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(URI.create(url + path)).build(), BodyHandlers.ofString());
    }

    private Exchange exchange(String method, String path, @Nullable Object body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path)).timeout(Eventually.HANG);
        if (body == null) {
            request.method(method, BodyPublishers.noBody());
        } else if (body instanceof byte[] bytes) {
            request.header("Content-Type", BYTES).method(method, BodyPublishers.ofByteArray(bytes));
        } else {
            request.header("Content-Type", JSON).method(method, BodyPublishers.ofString(Http.mapper().writeValueAsString(body)));
        }
        HttpResponse<InputStream> response = client.send(request.build(), BodyHandlers.ofInputStream());
        byte[] bytes;
        try (InputStream in = response.body()) {
            bytes = mediaType(response).equals("text/event-stream") ? event(in) : in.readAllBytes();
        }
        String template = template(method, path.replaceFirst("\\?.*", ""));
        JsonNode described = description.path("paths").path(template).path(method.toLowerCase(Locale.ROOT));
        Exchange exchange = new Exchange(operation(method, template), described, response.statusCode(), mediaType(response), bytes);
        requireDescribed(exchange);
        return exchange;
    }

    /** Reads one event of a stream without end. */
    private static byte[] event(InputStream in) throws IOException {
        ByteArrayOutputStream event = new ByteArrayOutputStream();
        while (!event.toString(StandardCharsets.UTF_8).endsWith("\n\n")) {
            event.write(in.read());
        }
        return event.toByteArray();
    }

    /** Finds the path of the description, of which a brace sorts behind every letter, so that a literal segment goes before a parameter. */
    private String template(String method, String path) {
        return description.path("paths")
                .properties()
                .stream()
                .filter(candidate -> candidate.getValue().has(method.toLowerCase(Locale.ROOT)))
                .map(Map.Entry::getKey)
                .sorted()
                .filter(
                        candidate -> Pattern.matches(
                                candidate.replaceAll("\\{[^}]*\\.\\.\\.}", ".*").replaceAll("\\{[^}]*}", "[^/]*"),
                                path))
                .findFirst()
                .orElseThrow(() -> new AssertionError(method + " " + path + " (expected: an operation of the description)"));
    }

    /** Requires that the status, the media type and the body are those that the description names. */
    private void requireDescribed(Exchange exchange) throws IOException {
        JsonNode responses = exchange.described().path("responses");
        int status = exchange.status();
        JsonNode answer =
                resolved(responses.has(Integer.toString(status)) ? responses.get(Integer.toString(status)) : responses.path("default"));
        assertThat(answer.isMissingNode()).as("%s: a status that is not described", shown(exchange)).isFalse();
        assertThat(status < 300 && !responses.has(Integer.toString(status))).as("%s: success is described as a problem", shown(exchange))
                .isFalse();
        if (!answer.has("content")) {
            assertThat(exchange.body()).as("%s: no body is described", shown(exchange)).isEmpty();
            return;
        }
        String mediaType = exchange.mediaType();
        JsonNode content = answer.path("content").path(mediaType);
        assertThat(content.isMissingNode()).as("%s: media type %s (expected: %s)", shown(exchange), mediaType, answer.path("content"))
                .isFalse();
        if (content.has("schema")) {
            conforms(exchange.operation() + ", " + status, content.get("schema"), read(exchange));
        }
    }

    private void conforms(String what, JsonNode schema, JsonNode value) {
        assertThat(schema.isMissingNode()).as("%s: no schema", what).isFalse();
        ObjectNode contract = schema.deepCopy();
        contract.set("components", description.path("components").deepCopy());
        close(contract);
        List<String> violations = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(contract)
                .validate(value.toString(), InputFormat.JSON)
                .stream()
                .map(Object::toString)
                .toList();
        assertThat(violations).as("%s: %s", what, value).isEmpty();
    }

    /** Lets no object have a field that is not described. Problems may: each kind has members of its own (RFC 9457, section 3.2). */
    private static void close(JsonNode schema) {
        if (schema instanceof ObjectNode object && object.has("properties") && !object.has("additionalProperties")
                && !object.path("properties").has("title")) {
            object.put("additionalProperties", false);
        }
        schema.forEach(DescribedService::close);
    }

    private JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? description.at(node.path("$ref").asText().substring(1)) : node;
    }

    private static JsonNode read(Exchange exchange) throws IOException {
        byte[] body = exchange.body();
        return exchange.mediaType().endsWith("json") ? Http.mapper().readTree(body)
                : Http.mapper().getNodeFactory().textNode(new String(body, StandardCharsets.UTF_8));
    }

    private static String mediaType(HttpResponse<?> response) {
        return response.headers().firstValue("Content-Type").orElse("").replaceFirst(";.*", "");
    }

    private static String operation(String method, String template) {
        return method.toUpperCase(Locale.ROOT) + " " + template;
    }

    private static String shown(Exchange exchange) {
        String body = new String(exchange.body(), StandardCharsets.UTF_8);
        return exchange.operation() + " answered " + exchange.status() + ": " + body.substring(0, Math.min(body.length(), 1_000));
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
