package dev.spillway.cli.client;

import dev.spillway.client.http.Endpoint;
import picocli.CommandLine.Option;

/** Which coordinator a command asks. */
final class CoordinatorOption {
    static final String VARIABLE = "SPILLWAY_URL";
    private static final String OPTION = "--url or " + VARIABLE;

    @Option(names = "--url", paramLabel = "URL", defaultValue = "${env:" + VARIABLE + ":-http://127.0.0.1:7070}",
            description = "The coordinator, host:port or a URL (default: " + VARIABLE + ", else http://127.0.0.1:7070).")
    private Endpoint address = Endpoint.tcp("127.0.0.1", 7070);

    Server server() {
        return Server.at("coordinator", address, OPTION);
    }
}
