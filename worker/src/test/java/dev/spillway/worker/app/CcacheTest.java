package dev.spillway.worker.app;

import dev.spillway.worker.filesystem.Machine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** The ccache of this machine keeps its objects at one worker and finds them at another. */
@Timeout(300)
@Tag("full")
class CcacheTest extends CacheOfBuilds {
    private static final int SOURCES = 3;

    @ParameterizedTest
    @ValueSource(strings = {"subdirs", "flat", "bazel"})
    void aBuildWithAnEmptyCacheOfItsOwnFindsWhatAnotherMade(String layout) throws Exception {
        Machine.assumeCommand("ccache");
        Machine.assumeCommand("gcc");
        Map<String, Long> cold = build(worker, "cold", layout);
        assertThat(cold).containsEntry("cache_miss", (long) SOURCES)
                .containsEntry("remote_storage_error", 0L)
                .containsEntry("remote_storage_timeout", 0L)
                .containsEntry("remote_storage_hit", 0L);
        awaitRegistered();
        Map<String, Long> warm = build(another(), "warm", layout);
        assertThat(warm).containsEntry("cache_miss", 0L)
                .containsEntry("remote_storage_hit", (long) SOURCES)
                .containsEntry("remote_storage_error", 0L)
                .containsEntry("remote_storage_timeout", 0L);
    }

    /** Builds with a cache that is new, and returns ccache's own counters. */
    private Map<String, Long> build(RunningWorker host, String cache, String layout) throws Exception {
        for (int number = 0; number < SOURCES; number++) {
            Path source =
                    Files.writeString(folder.resolve("source" + number + ".c"), "int f%d(void) { return %d; }\n".formatted(number, number));
            ccache(host, cache, layout, "gcc", "-c", source.toString(), "-o", folder.resolve(cache + number + ".o").toString());
        }
        return ccache(host, cache, layout, "--print-stats").lines()
                .map(line -> line.split("\t"))
                .collect(Collectors.toMap(pair -> pair[0], pair -> Long.parseLong(pair[1])));
    }

    private String ccache(RunningWorker host, String cache, String layout, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder process = new ProcessBuilder("ccache").redirectErrorStream(true);
        process.command().addAll(List.of(arguments));
        // The connection timeout of 100 ms is too short for a machine that is busy.
        process.environment()
                .putAll(
                        Map.of(
                                "CCACHE_DIR",
                                folder.resolve("ccache-" + cache).toString(),
                                "CCACHE_CONFIGPATH",
                                "/dev/null",
                                "CCACHE_REMOTE_STORAGE",
                                host.uri("/cache/builds") + "|layout=" + layout + "|connect-timeout=10000|operation-timeout=60000"));
        Process running = process.start();
        String output = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(running.waitFor()).as(output).isZero();
        return output;
    }
}
