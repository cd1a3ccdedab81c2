package dev.spillway.cli.client;

import dev.spillway.cli.Declaration;
import dev.spillway.client.http.Endpoint;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.TypeConversionException;

/** Which coordinators a command asks: the first one that answers. */
final class CoordinatorOption {
    static final String VARIABLE = "SPILLWAY_URL";
    private static final String OPTION = "--url or " + VARIABLE;

    private final SecurityOptions security = new SecurityOptions();
    private List<Endpoint> addresses = List.of(Endpoint.tcp("127.0.0.1", 7070));

    void declare(Declaration to) {
        to.option("--url", "URL", Several.class, value -> addresses = value.addresses(),
                "The coordinator, host:port or a URL, or several with commas between (default: " + VARIABLE
                        + ", else http://127.0.0.1:7070).")
                .defaultValue("${env:" + VARIABLE + ":-http://127.0.0.1:7070}")
                .converters(CoordinatorOption::read);
        security.declare(to);
    }

    private record Several(List<Endpoint> addresses) {}

    private static Several read(String text) {
        try {
            List<Endpoint> addresses = new ArrayList<>();
            for (String each : text.split(",", -1)) {
                if (each.isBlank()) {
                    throw new IllegalArgumentException(OPTION + ": '" + text + "' (expected: " + Endpoint.EXPECTED + ")");
                }
                addresses.add(Endpoint.parse(each.strip()));
            }
            return new Several(addresses);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(String.valueOf(e.getMessage()));
        }
    }

    Server server() {
        return Server.at("coordinator", addresses, OPTION, security.read());
    }

    SecurityOptions security() {
        return security;
    }
}
