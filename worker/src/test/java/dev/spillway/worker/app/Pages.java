package dev.spillway.worker.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.worker.app.RunningWorker.Answer;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/** Requests to pagers whose pages have 512 bytes. */
final class Pages {
    private static final int PAGE = 512;

    private Pages() {}

    static ObjectNode creation(String name, int pages) {
        ObjectNode body = RunningWorker.JSON.createObjectNode().put("name", name).put("pages", pages);
        ObjectNode meta = body.putObject("meta").put("model", "a1".repeat(32));
        meta.putObject("page")
                .put("tokens", 4)
                .put("layers", 2)
                .put("kvHeads", 2)
                .put("headDim", 4)
                .put("elements", "F32")
                .put("order", "NHD")
                .put("keysAndValues", "SEPARATE");
        meta.putArray("states");
        return body;
    }

    static Answer post(RunningWorker worker, String path, @Nullable JsonNode body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(worker.uri(path));
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        return worker.send(request.POST(body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.toString())).build());
    }

    static Answer post(RunningWorker worker, String path, Map<String, ?> body) throws IOException, InterruptedException {
        return post(worker, path, RunningWorker.JSON.<JsonNode>valueToTree(body));
    }

    static byte[] content(int pages, long seed) {
        byte[] bytes = new byte[pages * PAGE];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static String list(JsonNode pages) {
        return String.join(",", IntStream.range(0, pages.size()).mapToObj(at -> pages.get(at).asText()).toList());
    }

    static Answer write(RunningWorker worker, String pager, String pages, byte[] content) throws IOException, InterruptedException {
        return worker.send(
                HttpRequest.newBuilder(worker.uri("/v1/pagers/" + pager + "/pages?pages=" + pages))
                        .header("Content-Type", "application/octet-stream")
                        .PUT(BodyPublishers.ofByteArray(content))
                        .build());
    }

    static byte[] read(RunningWorker worker, String pager, String pages) throws IOException, InterruptedException {
        HttpResponse<byte[]> response =
                worker.client.send(
                        HttpRequest.newBuilder(worker.uri("/v1/pagers/" + pager + "/pages?pages=" + pages)).build(),
                        BodyHandlers.ofByteArray());
        assertThat(response.statusCode()).isEqualTo(200);
        return response.body();
    }

    /** Makes a pager with one sequence of random pages. */
    static JsonNode filled(RunningWorker worker, String pager, int pages, long seed) throws IOException, InterruptedException {
        assertThat(post(worker, "/v1/pagers", creation(pager, Math.max(32, pages))).status()).isEqualTo(201);
        return fill(worker, pager, pages, seed);
    }

    static JsonNode fill(RunningWorker worker, String pager, int pages, long seed) throws IOException, InterruptedException {
        JsonNode allocated = post(worker, "/v1/pagers/" + pager + "/allocate", Map.of("count", pages)).body().path("pages");
        assertThat(write(worker, pager, list(allocated), content(pages, seed)).status()).isEqualTo(204);
        ObjectNode install = RunningWorker.JSON.createObjectNode();
        install.putArray("sequences").addObject().put("id", "chat").put("lastPageTokens", 3).set("pages", allocated);
        assertThat(worker.put("/v1/pagers/" + pager + "/sequences", install.toString()).status()).isEqualTo(204);
        return allocated;
    }

    static Answer capture(RunningWorker worker, String pager, String key) throws IOException, InterruptedException {
        return post(worker, "/v1/pagers/" + pager + "/capture", Map.of("namespace", "kv", "key", key));
    }

    static Answer restore(RunningWorker worker, String pager, String key) throws IOException, InterruptedException {
        return post(worker, "/v1/pagers/" + pager + "/restore", Map.of("namespace", "kv", "key", key));
    }
}
