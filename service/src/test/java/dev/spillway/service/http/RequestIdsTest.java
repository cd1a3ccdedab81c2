package dev.spillway.service.http;

import dev.spillway.service.StandardError;
import dev.spillway.service.identity.AccessToken;
import dev.spillway.service.settings.Secret;
import dev.spillway.service.tracing.RequestScope;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests the id of a request in its answer, in the log and on the handler's thread, and its token on that thread. */
class RequestIdsTest {
    private RunningService service;

    @BeforeEach
    void start() throws Exception {
        service = new RunningService(
                RunningService.get("/id", request -> Response.ok(request.id() + " " + Objects.requireNonNull(RequestScope.current()).id())),
                RunningService.get(
                        "/token",
                        request -> Response.ok(Objects.requireNonNull(RequestScope.current()).token().map(Secret::reveal).orElse("none"))),
                RunningService.get("/defect", request -> {
                    throw new IllegalStateException("a defect");
                }));
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private HttpResponse<String> ask(String path, String id) throws Exception {
        return service.client.send(HttpRequest.newBuilder(service.uri(path)).header("X-Request-Id", id).build(), BodyHandlers.ofString());
    }

    private static String id(HttpResponse<?> answer) {
        assertThat(answer.headers().allValues("X-Request-Id")).hasSize(1);
        return answer.headers().firstValue("X-Request-Id").orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/id", "/livez", "/nothing-here"})
    void eachAnswerCarriesTheCallersId(String path) throws Exception {
        assertThat(id(ask(path, "Build_7.a-1"))).isEqualTo("Build_7.a-1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a\tb", "a\"b", "ü", "123456789 123456789"})
    void anIdThatCannotStandInALineOfALogIsReplaced(String other) throws Exception {
        assertThat(id(ask("/id", other))).matches("[0-9a-f]{16}");
    }

    @Test
    void anIdHasAtMost128Characters() throws Exception {
        assertThat(id(ask("/id", "a".repeat(128)))).isEqualTo("a".repeat(128));
        assertThat(id(ask("/id", "a".repeat(129)))).matches("[0-9a-f]{16}");
    }

    @Test
    void requestsWithoutAnIdGetDifferentOnes() throws Exception {
        assertThat(id(service.get("/id"))).matches("[0-9a-f]{16}").isNotEqualTo(id(service.get("/id")));
    }

    @Test
    void whereNobodyLooksAtTokensOnlyATokenIsKeptAndNoOtherPassword() throws Exception {
        String token = AccessToken.mint(new SecureRandom());
        for (String shown : List.of(basic(token), "Bearer " + token)) {
            assertThat(tokenOf(shown)).isEqualTo("\"" + token + "\"");
        }
        for (String other : List.of(basic("of another server"), basic(token + "x"), "Bearer of-another-server")) {
            assertThat(tokenOf(other)).isEqualTo("\"none\"");
        }
    }

    private static String basic(String password) {
        return "Basic " + Base64.getEncoder().encodeToString(("any:" + password).getBytes(StandardCharsets.UTF_8));
    }

    private String tokenOf(String authorization) throws Exception {
        return service.client.send(
                HttpRequest.newBuilder(service.uri("/token")).header("Authorization", authorization).build(),
                BodyHandlers.ofString()).body();
    }

    @Test
    void theThreadOfAHandlerKnowsTheId() throws Exception {
        assertThat(ask("/id", "r-1").body()).isEqualTo("\"r-1 r-1\"");
    }

    @Test
    void theLineOfADefectHasTheId() {
        String log = StandardError.during(() -> {
            try {
                assertThat(ask("/defect", "r-2").statusCode()).isEqualTo(500);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        assertThat(log.lines().findFirst().orElseThrow()).matches(".* ERROR EndpointRouter - GET /defect: error id \\S+ request=\"r-2\"");
    }
}
