package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * The dashboard of a demo's fleet, drawn with Grafana's own panels from figures that Prometheus has read. Neither Debian nor npm has a Grafana server, so
 * what the server alone does is not tried: loading the JSON, variables, drop-down lists.
 */
@Tag("full")
class DashboardTest {
    private static final Path CONFIGURATION = Path.of("../config").toAbsolutePath().normalize();
    private static final int HOSTS = 2;
    /** Queries of what this fleet hardly has: failures, certificates, hosts that are refused. */
    private static final String MAY_BE_EMPTY =
            "[\"Commands that did not end well A\", \"Days until a certificate ends A\", \"Refused hosts, differences, unproven messages A\"]";

    @TempDir
    Path scratch;

    private Process prometheus(int port, int coordinator) throws IOException {
        Path folder = Files.createDirectory(scratch.resolve("prometheus"));
        Path rules = CONFIGURATION.resolve("prometheus");
        Files.copy(rules.resolve("alerts.yml"), folder.resolve("alerts.yml"));
        // The fleet of the configuration listens on the demo's default ports.
        String configuration = Files.readString(rules.resolve("prometheus.yml")).replace("127.0.0.1:7070", "127.0.0.1:" + coordinator);
        for (int host = 0; host <= HOSTS + 1; host++) {
            configuration = configuration.replace("127.0.0.1:708" + host, "127.0.0.1:" + (coordinator + 10 + host));
        }
        Files.writeString(folder.resolve("prometheus.yml"), configuration);
        return new ProcessBuilder(
                "prometheus",
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=data",
                "--web.listen-address=127.0.0.1:" + port)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output.log").toFile())
                .start();
    }

    private static String asTypeScript(Path dashboard) throws IOException {
        return "import type { Dashboard } from '@grafana/schema';\nexport const dashboard: Dashboard = " + Files.readString(dashboard)
                + ";\n";
    }

    @Test
    void everyPanelIsDrawnFromWhatTheServicesTell() throws Exception {
        assumeThat(Path.of("/usr/bin/prometheus")).as("prometheus is not here").exists();
        int port = Ports.freeForDev(HOSTS + 1);
        int prometheusPort = Ports.free(1).getFirst();
        try (SpillwayProcess demo = SpillwayProcess.start(
                scratch.resolve("output"),
                List.of("demo", "--hosts", String.valueOf(HOSTS), "--port", String.valueOf(port)))) {
            demo.awaitReady(1, Eventually.HANG);
            Process prometheus = prometheus(prometheusPort, port);
            try {
                Browser browser = Browser.prepare(scratch, "grafana");
                Files.writeString(browser.folder().resolve("dashboard.ts"), asTypeScript(CONFIGURATION.resolve("grafana/dashboard.json")));
                Browser.Ran checked = browser.run("npx", "tsc");
                assertThat(checked.exitCode()).as(checked.output()).isZero();
                Path picture = Path.of("target/dashboard.png").toAbsolutePath();
                Browser.Ran drawn =
                        browser.run("node", "picture.mjs", "http://127.0.0.1:" + prometheusPort, picture.toString(), MAY_BE_EMPTY);
                assertThat(drawn.exitCode()).as(drawn.output()).isZero();
                assertThat(picture).isNotEmptyFile();
                assertThat(Http.send("GET", "http://127.0.0.1:" + prometheusPort + "/api/v1/rules", null, Map.of()).text())
                        .contains("SpillwayOldOrder")
                        .doesNotContain("\"health\":\"err\"");
            } finally {
                prometheus.destroy();
                prometheus.waitFor();
            }
        }
    }
}
