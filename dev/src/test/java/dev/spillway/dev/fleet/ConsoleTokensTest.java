package dev.spillway.dev.fleet;

import dev.spillway.service.identity.AccessToken;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The console of a fleet that asks for tokens, in a real browser. */
@Tag("full")
class ConsoleTokensTest {
    @TempDir
    Path scratch;

    @Test
    void aReaderIsOfferedNoChangeAndTabsSeeWhatTheirTokensMay() throws Exception {
        Browser browser = Browser.prepare(scratch, "console");
        SecureRandom random = new SecureRandom();
        String operator = AccessToken.mint(random);
        String host = AccessToken.mint(random);
        Path tokens = Files.write(
                scratch.resolve("tokens"),
                List.of("ops operator " + AccessToken.digest(operator), "worker-1 host " + AccessToken.digest(host) + " host-1"));
        Path ofHost = Files.writeString(scratch.resolve("host-1.token"), host);
        try (FleetInProcess fleet = new FleetInProcess(
                scratch.resolve("fleet"),
                1,
                Map.of("require-tokens", "true", "tokens-file", tokens.toString()),
                _ -> Map.of("registry-token-file", ofHost.toString()))) {
            Browser.Ran ran = browser.run("node", "tokens.mjs", fleet.url(), operator);
            assertThat(ran.exitCode()).as(ran.output()).isZero();
            assertThat(ran.output()).contains("each token sees its own");
        }
    }
}
