package dev.spillway.cli.client;

import dev.spillway.api.CommonApi;
import dev.spillway.api.body.Loggers;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.Values;
import dev.spillway.cli.option.WorkerOption;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import dev.spillway.cli.output.Table;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/** Levels of loggers of a running service. */
final class LogLevel implements ClientCommand {
    private final Console console;
    @SuppressWarnings("NullAway.Init") // by declare
    private CommandSpec spec;
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private @Nullable String worker;
    private final Output output = new Output();
    private @Nullable String name;
    private Values.@Nullable LogLevel level;

    LogLevel(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe(
                "log-level",
                "Show or change from which level on a running service logs, until it ends: the coordinator, or with --worker a worker.",
                "Without NAME it lists the loggers that have a level of their own, with NAME alone that logger and those below it.");
        spec = to.spec();
        coordinator.declare(to);
        to.option(
                "--worker",
                "WORKER",
                String.class,
                value -> worker = value,
                "This worker instead: host:port, a URL, unix:/path of its socket or a host's name.");
        output.declare(to);
        to.optional("0", "NAME", String.class, value -> name = value, "ROOT, a package such as dev.spillway, or a class.");
        to.optional(
                "1",
                "LEVEL",
                Values.LogLevel.class,
                value -> level = value,
                "trace, debug, info, warn, error or off; inherit for that of the next logger above.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        Server server = worker == null ? coordinator.server() : WorkerOption.server(worker, coordinator, spec);
        if (name == null || level == null) {
            Server.Answer answer = server.get(CommonApi.LIST_LOGGERS.at().with("under", name));
            print(answer, answer.listOf(Loggers.Logger.class).items());
        } else {
            Server.Answer answer = server.send(CommonApi.SET_LOGGER.at(name), new Loggers.Change(level.level()));
            print(answer, List.of(answer.as(Loggers.Logger.class)));
        }
        return CommandOutcome.done();
    }

    private void print(Server.Answer answer, List<Loggers.Logger> loggers) {
        if (output.json()) {
            console.out().println(answer.text());
            return;
        }
        Table table = new Table("LOGGER", "LEVEL", "EFFECTIVE");
        for (Loggers.Logger each : loggers) {
            table.row(each.name(), each.level() == null ? HumanText.NONE : each.level(), each.effectiveLevel());
        }
        table.print(console);
    }
}
