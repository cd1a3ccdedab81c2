package dev.spillway.cli.option;

import dev.spillway.cli.Declaration;
import dev.spillway.client.http.ServerAddress;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.TypeConversionException;

/** The option that names coordinators. A command uses the first one that answers. */
public final class CoordinatorOption implements Names.Asked {
    public static final String VARIABLE = "SPILLWAY_URL";
    private static final String OPTION = "--url or " + VARIABLE;

    private final SecurityOptions security = new SecurityOptions();
    private List<ServerAddress> addresses = List.of(ServerAddress.tcp("127.0.0.1", 7070));

    private @Nullable Server server;

    public void declare(Declaration to) {
        to.option(
                "--url",
                "URL",
                Several.class,
                value -> addresses = value.addresses(),
                "The coordinator, host:port or a URL, or several with commas between (default: " + VARIABLE
                        + ", else http://127.0.0.1:7070).")
                .defaultValue("${env:" + VARIABLE + ":-http://127.0.0.1:7070}")
                .converters(CoordinatorOption::read);
        security.declare(to);
        to.offer(NamespaceName.class, new Names(Names.Kind.NAMESPACE, this));
        to.offer(HostId.class, hosts());
        to.offer(PlanId.class, new Names(Names.Kind.PLAN, this));
    }

    private record Several(List<ServerAddress> addresses) {}

    private static Several read(String text) {
        try {
            List<ServerAddress> addresses = new ArrayList<>();
            for (String each : text.split(",", -1)) {
                if (each.isBlank()) {
                    throw new IllegalArgumentException(OPTION + ": '" + text + "' (expected: " + ServerAddress.EXPECTED + ")");
                }
                addresses.add(ServerAddress.parse(each.strip()));
            }
            return new Several(addresses);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(String.valueOf(e.getMessage()));
        }
    }

    /** Returns the names of hosts, for a shell to complete. */
    Names hosts() {
        return new Names(Names.Kind.HOST, this);
    }

    /** Returns the same server at each call, because it keeps its connections. */
    @Override
    public Server server() {
        if (server == null) {
            server = Server.at("coordinator", addresses, OPTION, security.read());
        }
        return server;
    }

    SecurityOptions security() {
        return security;
    }
}
