package dev.spillway.service.http;

import dev.spillway.events.codec.Json;
import dev.spillway.service.StandardError;
import dev.spillway.service.logging.LogSettings;
import dev.spillway.service.logging.Logging;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests that levels of loggers can be read and changed while the service runs. */
class LoggersOverHttpTest {
    private static final Logger LOG = LoggerFactory.getLogger(LoggersOverHttpTest.class);
    private static final String NAME = LoggersOverHttpTest.class.getName();

    private RunningService service;

    @BeforeEach
    void start() throws Exception {
        Logging.apply(LogSettings.DEFAULT);
        service = new RunningService();
    }

    @AfterEach
    void stop() {
        service.close();
        Logging.apply(LogSettings.DEFAULT);
    }

    private HttpResponse<String> put(String name, String body) throws Exception {
        return service.send("PUT", "/v1/loggers/" + name, "application/json", body);
    }

    /** Returns the own level of each listed logger by name, or {@code inherited}. */
    private Map<String, String> loggers(String query) throws Exception {
        var answer = service.get("/v1/loggers" + query);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return Json.strict()
                .readTree(answer.body())
                .path("items")
                .valueStream()
                .collect(Collectors.toMap(logger -> logger.path("name").asText(), logger -> logger.path("level").asText("inherited")));
    }

    private static boolean writesDebug() {
        return !StandardError.during(() -> LOG.debug("a detail")).isEmpty();
    }

    @Test
    void aLevelAppliesFromTheAnswerOnAndUntilItIsInheritedAgain() throws Exception {
        assertThat(writesDebug()).isFalse();
        var changed = put(NAME, "{\"level\":\"DEBUG\"}");
        assertThat(changed.statusCode()).as(changed.body()).isEqualTo(200);
        assertThat(Json.strict().readTree(changed.body()))
                .isEqualTo(Json.strict().createObjectNode().put("name", NAME).put("level", "DEBUG").put("effectiveLevel", "DEBUG"));
        assertThat(writesDebug()).isTrue();
        assertThat(put(NAME, "{\"level\":null}").body()).isEqualTo("{\"name\":\"" + NAME + "\",\"effectiveLevel\":\"INFO\"}");
        assertThat(writesDebug()).isFalse();
        assertThat(put("dev.spillway.service", "{\"level\":\"TRACE\"}").statusCode()).isEqualTo(200);
        assertThat(writesDebug()).as("inherited from the package").isTrue();
    }

    @Test
    void loggersWithALevelOfTheirOwnAreListedAndThoseUnderAName() throws Exception {
        assertThat(loggers("")).containsKeys("ROOT", "dev.spillway", "org.apache.kafka").doesNotContainKey(NAME);
        assertThat(loggers("")).containsEntry("dev.spillway", "INFO");
        assertThat(loggers("?under=dev.spillway.service")).containsKeys("dev.spillway.service", NAME)
                .doesNotContainKeys("ROOT", "dev.spillway");
        assertThat(loggers("?under=ROOT")).containsKeys("ROOT", NAME, "org.apache.kafka");
    }

    @ParameterizedTest
    @ValueSource(strings = {"nope.x", "dev.spillway.serv", "", "root"})
    void whatIsUnderALoggerThatDoesNotExistIsNotFound(String name) throws Exception {
        var answer = service.get("/v1/loggers?under=" + name);
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).contains("urn:spillway:problem:unknown-logger", "logger: " + name + " (expected: ROOT, or ");
    }

    @Test
    void inventedNamesAreRefusedAndTakeNoMemory() throws Exception {
        for (String name : List.of(
                "invented",
                "dev.spillway.invented",
                "dev.spillway.",
                "dev..spillway",
                "root",
                "%0Aforged",
                "dev.".repeat(1_000))) {
            var answer = put(name, "{\"level\":\"DEBUG\"}");
            assertThat(answer.statusCode()).as(name + ": " + answer.body()).isEqualTo(404);
            assertThat(answer.body()).contains("urn:spillway:problem:unknown-logger");
        }
        assertThat(loggers("?under=ROOT").keySet()).noneMatch(name -> name.contains("invented") || name.contains("forged"))
                .doesNotContain("root", "dev.dev", "dev.spillway.", "dev..spillway");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                    "{\"level\":\"LOUD\"}|invalid-value|level: \"LOUD\" (expected: one of TRACE, DEBUG, INFO, WARN, ERROR, OFF)",
                    "{\"level\":7}|invalid-value|level: 7",
                    "{\"level\":\"DEBUG\",\"for\":\"PT1M\"}|unknown-field|for",
                    "DEBUG|malformed-body|not JSON"})
    void whatIsNoLevelIsRefused(String body, String problem, String detail) throws Exception {
        var answer = put("dev.spillway", body);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("urn:spillway:problem:" + problem);
        assertThat(Json.strict().readTree(answer.body()).path("detail").asText()).contains(detail);
        assertThat(loggers("")).containsEntry("dev.spillway", "INFO");
    }

    @Test
    void rootInheritsFromNoOther() throws Exception {
        var answer = put("ROOT", "{\"level\":null}");
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("level: null (expected: a level, because ROOT inherits from no other)");
        assertThat(put("ROOT", "{\"level\":\"ERROR\"}").statusCode()).isEqualTo(200);
        assertThat(loggers("")).containsEntry("ROOT", "ERROR");
    }
}
