package dev.spillway.dev.fleet;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The console's live events in a real browser: many of them, behind a coordinator that restarts, and behind one that no longer keeps them. */
@Tag("full")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsoleStreamTest {
    @SuppressWarnings("NullAway.Init")
    private Browser browser;
    @SuppressWarnings("NullAway.Init")
    private HttpServer control;
    private FleetInProcess fleet;

    /** Something that the script asks for. */
    private interface Deed {
        void act() throws Exception;
    }

    @BeforeAll
    void start(@TempDir Path scratch) throws Exception {
        browser = Browser.prepare(scratch, "console");
        fleet = new FleetInProcess(scratch.resolve("fleet"), 0);
        control = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        control("/stop", fleet::stopCoordinator);
        control("/start", fleet::startCoordinator);
        control("/start-forgetful", () -> fleet.startCoordinator(Map.of("activity-kept", "1ms", "trim", "100ms")));
        control.start();
    }

    private void control(String path, Deed deed) {
        control.createContext(path, exchange -> {
            try (exchange) {
                deed.act();
                exchange.sendResponseHeaders(204, -1);
            } catch (Exception e) {
                throw new AssertionError(path, e);
            }
        });
    }

    @AfterAll
    void stop() {
        if (fleet != null) {
            control.stop(0);
            fleet.close();
        }
    }

    private List<String> run(String scenario) throws Exception {
        Browser.Ran ran = browser.run("node", "stream.mjs", scenario, fleet.url(), "http://127.0.0.1:" + control.getAddress().getPort());
        assertThat(ran.exitCode()).as(ran.output()).isZero();
        List<String> lines = ran.output().lines().toList();
        assertThat(lines).endsWith(scenario + " went well");
        return lines;
    }

    @Test
    void thePageStaysAsLargeAsItIsUnder500EventsASecond() throws Exception {
        List<String> lines = run("load");
        Files.write(Files.createDirectories(Path.of("target/console")).resolve("stream.txt"), lines);
    }

    @Test
    void aRestartOfTheCoordinatorIsToldAndDoublesNoEvent() throws Exception {
        run("restart");
    }

    @Test
    void eventsThatAreNoLongerKeptAreShownAsAGap() throws Exception {
        run("gap");
    }

    @Test
    void aStreamOfWhichNothingComesAnyMoreIsTakenForCutOff() throws Exception {
        run("silence");
    }
}
