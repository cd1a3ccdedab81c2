package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.bench.curves.Trace;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The console in a real browser: each screen in both themes, with texts of others that try to be more than text. */
@Tag("full")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsoleTest {
    /** A picture that would run a script, and a mark that turns the direction of what follows. */
    private static final String HOSTILE = "<img src=x onerror=alert(1)>/\u202Ertl " + "w".repeat(900);
    /** Bounds all files of the console together, each packed by gzip. */
    private static final int PACKED_BYTES_MAX = 80 << 10;

    @SuppressWarnings("NullAway.Init")
    private Browser browser;
    private FleetInProcess fleet;

    @BeforeAll
    void start(@TempDir Path scratch) throws Exception {
        browser = Browser.prepare(scratch, "console");
        fleet = new FleetInProcess(scratch.resolve("fleet"), 3);
    }

    @AfterAll
    void stop() {
        if (fleet != null) {
            fleet.close();
        }
    }

    private static void ask(String method, String url, Object body) throws Exception {
        Http.Answer answer = Http.send(method, url, body, Map.of());
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    }

    /** Reads keys, most of all the popular ones, and puts what is missing, so that a curve is drawn. */
    private static void functions(String namespace) throws Exception {
        ask("PUT", namespace, Map.of("maxEntries", 20));
        IntUnaryOperator popular = Trace.zipf(100, 0.8, 1);
        for (int read = 0; read < 400; read++) {
            String entry = namespace + "/entries/function-" + popular.applyAsInt(read);
            if (Http.get(entry).status() == 404) {
                ask("PUT", entry, Map.of("snapshotId", "s", "sizeBytes", 1 + read % 7 * 4096));
            }
        }
    }

    @Test
    void everyScreenShowsTheFleetAndNothingOfOthersRuns() throws Exception {
        String namespaces = fleet.url() + "/v1/namespaces/";
        Path tree = Files.createDirectory(browser.folder().resolve("tree"));
        Files.writeString(tree.resolve("file"), "content");
        ask("PUT", namespaces + "trees", Map.of("maxEntries", 4, "ttl", "P7DT90M"));
        ask("PUT", namespaces + "tabs", Map.of("maxEntries", 1));
        for (int number = 1; number <= 4; number++) {
            String entry = fleet.workerUrl(1 + number % 3) + "/v1/directories/trees/entries/key-" + number;
            Eventually.holds(Eventually.HANG, () -> ask("PUT", entry, Map.of("sourceDir", tree.toString())));
        }
        assertThat(Http.get(fleet.workerUrl(2) + "/v1/directories/trees/entries/key-1?hold=PT10M").status()).isEqualTo(200);
        assertThat(Http.get(fleet.workerUrl(3) + "/v1/directories/trees/entries/key-2?hold=PT10M").status()).isEqualTo(200);
        assertThat(Http.send("DELETE", namespaces + "trees/entries/key-1", null, Map.of()).status()).isEqualTo(200);
        String encoded = URLEncoder.encode(HOSTILE, StandardCharsets.UTF_8).replace("+", "%20");
        ask(
                "PUT",
                namespaces + "trees/entries/" + encoded,
                Map.of("snapshotId", "s", "description", "<b>bold</b>", "labels", Map.of("team", "<i>storage</i>")));
        ask("PUT", namespaces + "trees/entries/" + encoded + "/pin", Map.of("reason", "<script>alert(2)</script>"));
        ask("POST", namespaces + "trees/prune", Map.of("maxEntries", 1, "dryRun", true));

        functions(namespaces + "functions");

        Browser.Ran ran = browser.run("node", "screens.mjs", fleet.url(), Path.of("target/console").toAbsolutePath().toString(), HOSTILE);
        assertThat(ran.exitCode()).as(ran.output()).isZero();
        assertThat(ran.output()).contains("all screens are well");
    }

    @Test
    void thePagesAreSmall() throws Exception {
        String sent = "import { gzipSync } from 'node:zlib'; let all = 0;"
                + " for (const name of ['assets/index.js', 'assets/index.css', 'assets/stream.js', '']) {"
                + " const page = await fetch(process.argv[1] + '/ui/' + name); if (!page.ok) throw new Error(name + page.status);"
                + " all += gzipSync(Buffer.from(await page.arrayBuffer())).length; } console.log(all);";
        Browser.Ran ran = browser.run("node", "--input-type=module", "-e", sent, fleet.url());
        assertThat(ran.exitCode()).as(ran.output()).isZero();
        assertThat(Integer.parseInt(ran.output().strip())).isBetween(1, PACKED_BYTES_MAX);
    }

    @Test
    void whoAsksIsToldWithoutATokenToo() throws Exception {
        JsonNode identity = Http.get(fleet.url() + "/v1/identity").json();
        assertThat(identity.path("role").asText()).isEqualTo("OPERATOR");
        assertThat(identity.path("name").asText()).isEqualTo("anonymous");
    }
}
