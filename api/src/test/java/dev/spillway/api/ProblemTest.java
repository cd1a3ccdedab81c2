package dev.spillway.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.events.codec.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

class ProblemTest {
    private static final ObjectMapper JSON = Json.tolerant();

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "OTHER")
    void aProblemIsReadAsItWasWritten(ProblemType type) throws JsonProcessingException {
        Problem problem = Problem.of(type, "key: a (expected: b)").with("planId", "p").with("evicted", 3).retryAfter(Duration.ofSeconds(2));
        assertThat(Problem.read(JSON, type.status(), JSON.writeValueAsBytes(problem.toJson()), problem.retryAfter())).hasToString(
                type.status() + " " + type.slug() + ": key: a (expected: b)").satisfies(read -> {
                    assertThat(read.type()).isEqualTo(type);
                    assertThat(read.toJson()).hasToString(problem.toJson().toString());
                });
        assertThat(type.slug()).matches("[a-z]+(-[a-z0-9]+)*");
    }

    @Test
    void whatIsNoProblemOfOursIsOther() {
        Problem page = Problem.read(JSON, 502, "<html>Bad gateway</html>".getBytes(StandardCharsets.UTF_8), Optional.empty());
        assertThat(page.type()).isEqualTo(ProblemType.OTHER);
        assertThat(page).hasToString("502 HTTP 502, an answer without a problem in it");
    }

    @Test
    void theKindOfANewerServerIsNamed() {
        String body = "{\"type\":\"urn:spillway:problem:too-purple\",\"title\":\"Too purple\",\"status\":409,\"detail\":\"x\",\"hue\":3}";
        Problem newer = Problem.read(JSON, 409, body.getBytes(StandardCharsets.UTF_8), Optional.empty());
        assertThat(newer.type()).isEqualTo(ProblemType.OTHER);
        assertThat(newer.detail()).isEqualTo("Too purple (too-purple): x");
        assertThat(newer.extensions()).containsOnlyKeys("hue");
    }
}
