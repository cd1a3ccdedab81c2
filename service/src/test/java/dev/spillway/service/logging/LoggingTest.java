package dev.spillway.service.logging;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.body.Loggers;
import dev.spillway.events.codec.Json;
import dev.spillway.service.StandardError;
import dev.spillway.service.settings.SettingsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Tests the lines of the log. A caller's text cannot forge a line, and programs can read the JSON format. */
class LoggingTest {
    private static final Logger LOG = LoggerFactory.getLogger(LoggingTest.class);
    private static final String FORGED = "2026-11-28 12:00:00.000 ERROR HostLoop - forged";

    @AfterEach
    void defaults() {
        Logging.apply(LogSettings.DEFAULT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r", "\n\n", "\n\r", "\u000b", "\f", "\u0085", "\u2028", "\u2029"})
    void aLineBreakOfACallerForgesNoLine(String lineBreak) {
        var log = StandardError.during(() -> {
            LOG.warn("not stored: {}", "key" + lineBreak + FORGED);
            LOG.warn("failed", new IllegalStateException("key" + lineBreak + FORGED, new IllegalArgumentException(lineBreak + FORGED)));
        });
        assertThat(log.split("\\R", -1)).noneMatch(line -> line.startsWith("2026-11-28 12:00"));
        assertThat(log).contains("    " + FORGED).doesNotContain("\r");
        assertThat(log.lines().filter(line -> line.contains(" WARN "))).hasSize(2);
    }

    @Test
    void aLineTellsTimeLevelAndClassAndAnExceptionFollowsItOnce() {
        var log = StandardError.during(() -> LOG.error("failed", new IllegalStateException("why")));
        assertThat(log.lines().findFirst().orElseThrow())
                .matches("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} ERROR LoggingTest - failed");
        assertThat(log).containsOnlyOnce("java.lang.IllegalStateException: why")
                .contains("\tat dev.spillway.service.logging.LoggingTest.");
    }

    @Test
    void theKeysOfALineFollowItsMessageAndForgeNoLine() {
        var log = StandardError.during(() -> {
            LOG.atWarn().addKeyValue("eviction", "e-1").addKeyValue("replica", "r-1").log("decided: {}", "k");
            LOG.atWarn().addKeyValue("key", "a\n" + FORGED + "\u001b").log("other");
        });
        assertThat(log.lines().map(line -> line.substring(Math.min(24, line.length()))))
                .first()
                .isEqualTo("WARN  LoggingTest - decided: k eviction=\"e-1\" replica=\"r-1\"");
        assertThat(log).contains("    " + FORGED + "?").doesNotContain("\u001b");
        assertThat(log.lines().filter(line -> line.startsWith("2026-11-28 12:00"))).isEmpty();
    }

    @Test
    void theKeysOfALineOfJsonAreFields() throws Exception {
        Logging.apply(new LogSettings(LogFormat.JSON, Loggers.Level.INFO));
        var log = StandardError.during(() -> LOG.atWarn().addKeyValue("eviction", "e-1").addKeyValue("replica", "r\"1").log("decided"));
        assertThat(Json.strict().readTree(log).path("kvpList"))
                .isEqualTo(Json.strict().readTree("[{\"eviction\":\"e-1\"},{\"replica\":\"r\\\"1\"}]"));
    }

    @Test
    void whatATerminalWouldObeyIsNotWritten() {
        var log = StandardError.during(() -> LOG.warn("key: {}", "a\u001b[2J\u009b31m\u0007\u0000\tb"));
        assertThat(log).endsWith("key: a?[2J?31m??\tb\n");
    }

    @Test
    void aLineOfJsonIsOneObjectWithTheExceptionInside() throws Exception {
        Logging.apply(new LogSettings(LogFormat.JSON, Loggers.Level.INFO));
        var log = StandardError.during(() -> {
            LOG.warn("key: {}", "a\n{\"level\":\"ERROR\"}\r\u001b\"\\\u0000b");
            LOG.error("failed", new IllegalStateException("one\ntwo", new IllegalArgumentException("inner \"q\"")));
        });
        var lines = log.split("\n", -1);
        assertThat(lines).hasSize(3).endsWith("");
        var first = Json.strict().readTree(lines[0]);
        assertThat(first.path("formattedMessage").asText()).isEqualTo("key: a\n{\"level\":\"ERROR\"}\r\u001b\"\\\u0000b");
        assertThat(first.path("level").asText()).isEqualTo("WARN");
        assertThat(first.path("loggerName").asText()).isEqualTo(LoggingTest.class.getName());
        assertThat(Instant.ofEpochMilli(first.path("timestamp").asLong())).isBetween(Instant.now().minusSeconds(600), Instant.now());
        JsonNode thrown = Json.strict().readTree(lines[1]).path("throwable");
        assertThat(thrown.path("className").asText()).isEqualTo("java.lang.IllegalStateException");
        assertThat(thrown.path("message").asText()).isEqualTo("one\ntwo");
        assertThat(thrown.path("cause").path("message").asText()).isEqualTo("inner \"q\"");
        assertThat(thrown.path("stepArray")).isNotEmpty();
    }

    @ParameterizedTest
    @EnumSource(LogFormat.class)
    void aFleetLogsIntoItsFileAndNothingToStandardError(LogFormat format, @TempDir Path folder) throws Exception {
        Path file = folder.resolve("fleet.log");
        Logging.apply(new LogSettings(format, Loggers.Level.INFO), file);
        var printed = StandardError.during(() -> {
            LOG.info("ours");
            LoggerFactory.getLogger("org.apache.kafka.clients.NetworkClient").warn("theirs");
        });
        assertThat(printed).isEmpty();
        assertThat(Files.readString(file)).contains("ours", "theirs");
    }

    @Test
    void aFileThatCannotBeWrittenIsToldOnStandardError(@TempDir Path folder) {
        var printed = StandardError.during(() -> Logging.apply(LogSettings.DEFAULT, folder));
        assertThat(printed).contains("log: ").contains(folder.toString());
    }

    @Test
    void librariesAreQuieterThanSpillwayAndThoseOfJavaUtilLoggingToo() {
        Logging.apply(LogSettings.DEFAULT);
        var log = StandardError.during(() -> {
            LOG.debug("a detail of ours");
            LOG.info("ours");
            LoggerFactory.getLogger("org.flywaydb.core.FlywayExecutor").info("a detail of a library");
            LoggerFactory.getLogger("org.flywaydb.core.FlywayExecutor").warn("a warning of a library");
            LoggerFactory.getLogger("org.apache.kafka.clients.NetworkClient").warn("said by us already");
            java.util.logging.Logger.getLogger("org.postgresql.Driver").log(Level.FINE, "a detail of the driver");
            java.util.logging.Logger.getLogger("org.postgresql.Driver").log(Level.WARNING, "a warning of the driver");
        });
        assertThat(log.lines().map(line -> line.substring(24))).containsExactly(
                "INFO  LoggingTest - ours",
                "WARN  FlywayExecutor - a warning of a library",
                "WARN  Driver - a warning of the driver");
    }

    @Test
    void aLevelOfTheDriverReachesItsOwnLoggers() {
        Logging.apply(LogSettings.DEFAULT);
        assertThat(LogLevels.set("org.postgresql", Loggers.Level.DEBUG)).isPresent();
        var log = StandardError.during(() -> java.util.logging.Logger.getLogger("org.postgresql.Driver").fine("a detail of the driver"));
        assertThat(log).contains("DEBUG Driver - a detail of the driver");
    }

    @Test
    void aProgramWithoutOtherSettingsReadsTheEnvironment() throws Exception {
        assertThat(LogSettings.of(Map.of("SPILLWAY_LOG_FORMAT", "json", "SPILLWAY_LOG_LEVEL", "DEBUG", "SPILLWAY_URL", "x", "HOME", "/")))
                .isEqualTo(new LogSettings(LogFormat.JSON, Loggers.Level.DEBUG));
        assertThat(LogSettings.of(Map.of())).isEqualTo(LogSettings.DEFAULT);
        assertThatThrownBy(
                () -> LogSettings.of(Map.of("SPILLWAY_LOG_FORMAT", "xml", "SPILLWAY_LOG_LEVEL", "loud", "SPILLWAY_LOG_COLOUR", "x")))
                .isInstanceOf(SettingsException.class)
                .message()
                .contains(
                        "log-format: xml (expected: one of text, json)",
                        "log-level: loud (expected: one of trace, debug, info, warn, error, off)",
                        "SPILLWAY_LOG_COLOUR: unknown");
    }

    @Test
    void levelsAreThoseOfLogback() {
        for (Loggers.Level level : List.of(Loggers.Level.values())) {
            assertThat(LogLevels.set(LoggingTest.class.getName(), level).orElseThrow())
                    .isEqualTo(new Loggers.Logger(LoggingTest.class.getName(), level, level));
        }
    }
}
