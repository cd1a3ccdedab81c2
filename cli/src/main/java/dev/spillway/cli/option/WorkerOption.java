package dev.spillway.cli.option;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Hosts;
import dev.spillway.cli.Declaration;
import dev.spillway.client.http.ServerAddress;
import dev.spillway.events.HostId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The option that names a worker: by address, or by its host, whose address the coordinator knows. */
public final class WorkerOption implements Names.Asked {
    public static final String VARIABLE = "SPILLWAY_WORKER";
    private static final String OPTION = "--worker or " + VARIABLE;

    @SuppressWarnings("NullAway.Init") // by declare
    private CommandSpec command;

    private final CoordinatorOption coordinator;

    private @Nullable Server last;
    private String worker = "127.0.0.1:7080";

    /** Creates the option for a command that uses a worker, and the coordinator only to find a host's address. */
    public WorkerOption() {
        this(new CoordinatorOption());
    }

    /** Creates the option for a command that uses either a worker or the coordinator. */
    public WorkerOption(CoordinatorOption coordinator) {
        this.coordinator = coordinator;
    }

    public void declare(Declaration to) {
        command = to.spec();
        coordinator.declare(to);
        to.option(
                "--worker",
                "WORKER",
                String.class,
                value -> worker = value,
                "The worker, host:port, a URL, unix:/path of its socket or a host's name (default: " + VARIABLE + ", else 127.0.0.1:7080).")
                .defaultValue("${env:" + VARIABLE + ":-127.0.0.1:7080}")
                .completionCandidates(coordinator.hosts());
    }

    /** Returns the same server at each call while its address is the same, because it keeps its connections. */
    @Override
    public Server server() throws InterruptedException {
        Server found = server(worker, coordinator, command);
        if (last == null || !last.address().equals(found.address())) {
            last = found;
        }
        return last;
    }

    /** Returns the worker that a text names. */
    public static Server server(String worker, CoordinatorOption coordinator, CommandSpec command) throws InterruptedException {
        if (worker.isEmpty()) {
            throw new ParameterException(
                    command.commandLine(),
                    OPTION + ": '' (expected: " + ServerAddress.EXPECTED + ", or the name of a host)");
        }
        try {
            if (worker.contains(":")) {
                return Server.at("worker", List.of(ServerAddress.parse(worker)), OPTION, coordinator.security().read());
            }
            Hosts.Host host = coordinator.server().get(CoordinatorApi.GET_HOST.at(new HostId(worker))).as(Hosts.Host.class);
            return Server.at("worker " + host.id(), List.of(ServerAddress.parse(host.address())), OPTION, coordinator.security().read());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "Invalid value for " + OPTION + ": " + e.getMessage(), e);
        }
    }
}
