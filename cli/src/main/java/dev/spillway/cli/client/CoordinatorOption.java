package dev.spillway.cli.client;

import dev.spillway.cli.Declaration;
import dev.spillway.client.http.Endpoint;
import picocli.CommandLine.TypeConversionException;

/** Which coordinator a command asks. */
final class CoordinatorOption {
    static final String VARIABLE = "SPILLWAY_URL";
    private static final String OPTION = "--url or " + VARIABLE;

    private final SecurityOptions security = new SecurityOptions();
    private Endpoint address = Endpoint.tcp("127.0.0.1", 7070);

    void declare(Declaration to) {
        to.option("--url", "URL", Endpoint.class, value -> address = value,
                "The coordinator, host:port or a URL (default: " + VARIABLE + ", else http://127.0.0.1:7070).")
                .defaultValue("${env:" + VARIABLE + ":-http://127.0.0.1:7070}")
                .converters(CoordinatorOption::read);
        security.declare(to);
    }

    private static Endpoint read(String text) {
        try {
            if (text.isEmpty()) {
                throw new IllegalArgumentException(OPTION + ": '' (expected: " + Endpoint.EXPECTED + ")");
            }
            return Endpoint.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(String.valueOf(e.getMessage()));
        }
    }

    Server server() {
        return Server.at("coordinator", address, OPTION, security.read());
    }

    SecurityOptions security() {
        return security;
    }
}
