package dev.spillway.cli;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ProgressLineTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private long seconds;

    private ProgressLine progress(boolean terminal) {
        PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
        return new ProgressLine(
                new Console(stream, stream, new BufferedReader(new StringReader("")), terminal),
                Long::toString,
                () -> Duration.ofSeconds(seconds).toNanos());
    }

    @Test
    void theRateAndTheTimeLeftAreShownOnceTheyAreKnown() {
        ProgressLine progress = progress(true);
        progress.show("evicted", 100, 1_000);
        seconds = 2;
        progress.show("evicted", 300, 1_000);
        seconds = 10;
        progress.show("evicted", 1_000, 1_000);
        progress.show("read", 1_000);
        progress.show("evicted", 10, 1_000_000);
        progress.showTime("put");
        progress.end();
        assertThat(err.toString(StandardCharsets.UTF_8).split("\r\033\\[K", -1)).containsExactly(
                "",
                "evicted 100 of 1000",
                "evicted 300 of 1000, 150 a second, 5 s left",
                "evicted 1000 of 1000, 100 a second",
                "read 1000, 100 a second",
                "evicted 10 of 1000000, 1 a second, 277 h left",
                "put, 10 s",
                "");
    }

    @Test
    void aScriptSeesNone() {
        progress(false).show("evicted", 100, 1_000);
        assertThat(err.size()).isZero();
    }
}
