package dev.spillway.worker.app;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Reads without a body, and requests with a condition on what is there (RFC 9110). */
@Timeout(300)
class CacheConditionsTest extends CacheOfBuilds {
    private static final String FINGERPRINT =
            "/v1/artifacts/builds/ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

    private static HttpResponse<String> ask(RunningWorker host, String method, String path) throws Exception {
        return host.client.send(
                HttpRequest.newBuilder(host.uri(path)).method(method, BodyPublishers.noBody()).build(),
                BodyHandlers.ofString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    CACHE + "ab/cdef",
                    CACHE + "ac/" + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                    CACHE + "v8/artifacts/0123456789abcdef",
                    CACHE + "v1/cache/1",
                    FINGERPRINT})
    void headOfWhatOnlyAnotherHostHasIsAnsweredAsAGet(String path) throws Exception {
        assertThat(send("PUT", path, "object", "x-artifact-tag", "c2ln").statusCode()).isBetween(200, 299);
        awaitRegistered();
        RunningWorker second = another();
        HttpResponse<String> head = ask(second, "HEAD", path);
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.headers().firstValue("Content-Length")).contains("6");
        var counts = second.get("/v1/artifacts/builds/stats").body().path("host");
        assertThat(counts.path("lookups").asInt()).as("a HEAD counts no use").isZero();
        HttpResponse<String> got = ask(second, "GET", path);
        assertThat(got.body()).isEqualTo("object");
        for (String header : List.of("ETag", "Spillway-Generation", "x-artifact-tag")) {
            assertThat(head.headers().firstValue(header)).as(header).isEqualTo(got.headers().firstValue(header));
        }
        assertThat(ask(second, "HEAD", path + "0").statusCode()).as("what nobody has").isIn(400, 404);
    }

    @Test
    void propfindOfWhatOnlyAnotherHostHasFindsIt() throws Exception {
        assertThat(status("PUT", CACHE + "f/1/a", "object")).isEqualTo(201);
        awaitRegistered();
        assertThat(ask(another(), "PROPFIND", CACHE + "f/1/a").body()).contains("<D:getcontentlength>6</D:getcontentlength>");
    }

    @Test
    void headOfThatWithoutAFetchIsAMiss() throws Exception {
        assertThat(status("PUT", FINGERPRINT, "object")).isEqualTo(201);
        awaitRegistered();
        assertThat(ask(another(), "HEAD", FINGERPRINT + "?fetch=false").statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {CACHE + "key", FINGERPRINT})
    void aPutIsMadeOnlyWhereItsConditionHolds(String path) throws Exception {
        String old = "\"" + sha256("old") + "\"";
        String other = "\"" + sha256("other") + "\"";
        assertUnmet(send("PUT", path, "old", "If-Match", "*"));
        assertUnmet(send("PUT", path, "old", "If-Match", old));
        assertThat(status("GET", path, "")).isEqualTo(404);
        assertThat(send("PUT", path, "old", "If-None-Match", "*").statusCode()).isEqualTo(201);
        assertUnmet(send("PUT", path, "new", "If-None-Match", "*"));
        assertUnmet(send("PUT", path, "new", "If-None-Match", other + ", W/" + old));
        assertUnmet(send("PUT", path, "new", "If-Match", other));
        assertUnmet(send("PUT", path, "new", "If-Match", "W/" + old));
        assertThat(send("GET", path, "").body()).isEqualTo("old");
        assertThat(send("PUT", path, "new", "If-Match", other + " , " + old).statusCode()).isEqualTo(201);
        assertThat(send("PUT", path, "newest", "If-Match", "*", "If-None-Match", old).statusCode()).isEqualTo(201);
        assertThat(send("GET", path, "").body()).isEqualTo("newest");
        awaitRegistered();
        RunningWorker second = another();
        assertUnmet(
                second.client.send(
                        HttpRequest.newBuilder(second.uri(path))
                                .header("If-None-Match", "*")
                                .PUT(BodyPublishers.ofString("that of another host"))
                                .build(),
                        BodyHandlers.ofString()));
    }

    private static void assertUnmet(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).isEqualTo(412);
        assertThat(answer.body()).contains("urn:spillway:problem:precondition-failed");
    }

    @Test
    void ofManyWhoCreateAKeyOneDoes() throws Exception {
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Integer>> puts = IntStream.range(0, 32)
                    .<Callable<Integer>>mapToObj(
                            caller -> () -> send("PUT", CACHE + "key", "content " + caller, "If-None-Match", "*").statusCode())
                    .toList();
            int created = 0;
            for (Future<Integer> put : callers.invokeAll(puts)) {
                assertThat(put.get()).isIn(201, 412);
                created += put.get() == 201 ? 1 : 0;
            }
            assertThat(created).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {CACHE + "key", FINGERPRINT})
    void aReadOrADeletionWhoseConditionDoesNotHoldIsRefused(String path) throws Exception {
        String tag = "\"" + sha256("old") + "\"";
        String other = "\"" + sha256("other") + "\"";
        assertThat(send("GET", path, "", "If-Match", "*").statusCode()).as("what is missing").isEqualTo(404);
        assertThat(send("DELETE", path, "", "If-Match", "*").statusCode()).as("what is missing").isEqualTo(404);
        assertThat(status("PUT", path, "old")).isEqualTo(201);
        for (int read = 0; read < 2; read++) {
            for (String method : List.of("GET", "HEAD")) {
                assertThat(send(method, path, "", "If-Match", other).statusCode()).as(method).isEqualTo(412);
                assertThat(send(method, path, "", "If-Match", "W/" + tag).statusCode()).as(method).isEqualTo(412);
                assertThat(send(method, path, "", "If-Match", other, "If-None-Match", tag).statusCode()).as(method).isEqualTo(412);
                assertThat(send(method, path, "", "If-Match", tag).statusCode()).as(method).isEqualTo(200);
                assertThat(send(method, path, "", "If-Match", "*").statusCode()).as(method).isEqualTo(200);
                assertThat(send(method, path, "", "If-None-Match", "*").statusCode()).as(method).isEqualTo(304);
            }
        }
        assertThat(send("DELETE", path, "", "If-Match", other).statusCode()).isEqualTo(412);
        assertThat(send("GET", path, "").body()).isEqualTo("old");
        assertThat(send("DELETE", path, "", "If-Match", tag).statusCode()).isIn(200, 204);
    }

    @ParameterizedTest
    @CsvSource({
            "bytes=-, 200",
            "bytes=5-2, 200",
            "bytes=a-b, 200",
            "bytes=1-2-3, 200",
            "bytes=0-1, 206",
            "bytes=-2, 206",
            "bytes=6-, 416",
            "bytes=-0, 416"})
    void aMalformedRangeIsIgnored(String range, int status) throws Exception {
        for (String path : List.of(CACHE + "key", FINGERPRINT)) {
            assertThat(status("PUT", path, "object")).isEqualTo(201);
            assertThat(send("GET", path, "", "Range", range).statusCode()).as(path).isEqualTo(status);
            assertThat(send("HEAD", path, "", "Range", range).statusCode()).as("a range is for GET only").isEqualTo(200);
        }
    }

    /** Turborepo asks these two for something else, so what is kept there would be lost to it. */
    @Test
    void thePathsThatTurborepoAsksForSomethingElseTakeNoArtifact() throws Exception {
        for (String path : List.of(CACHE + "v8/artifacts/status", CACHE + "v8/artifacts/events")) {
            HttpResponse<String> refused = send("PUT", path, "tar");
            assertThat(refused.statusCode()).as(path).isEqualTo(422);
            assertThat(refused.body()).contains("urn:spillway:problem:invalid-value");
            assertThat(status("DELETE", path, "")).as(path).isEqualTo(404);
        }
        assertThat(status("GET", CACHE + "v8/artifacts/events", "")).isEqualTo(404);
        assertThat(send("GET", CACHE + "v8/artifacts/status", "").body()).isEqualTo("{\"status\":\"enabled\"}");
        assertThat(status("PUT", CACHE + "v8/artifacts/status0", "tar")).isEqualTo(202);
    }

    @Test
    void aFlushOfANamespaceThatHoldsNoArtifactsIsRefused() throws Exception {
        HttpResponse<String> other = send("POST", "/v1/artifacts/images/flush", "");
        assertThat(other.statusCode()).isEqualTo(409);
        assertThat(other.body()).contains("urn:spillway:problem:other-backend");
        HttpResponse<String> unknown = send("POST", "/v1/artifacts/unknown/flush", "");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body()).contains("urn:spillway:problem:unknown-namespace");
        assertThat(status("POST", "/v1/artifacts/builds/flush", "")).isEqualTo(204);
    }
}
