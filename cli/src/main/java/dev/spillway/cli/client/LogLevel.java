package dev.spillway.cli.client;

import dev.spillway.api.CommonApi;
import dev.spillway.api.Loggers;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Levels of loggers of a running service. */
@Command(name = "log-level",
        description = {
                "Show or change from which level on a running service logs, until it ends: the coordinator, or with --worker a worker.",
                "Without NAME it lists the loggers that have a level of their own, with NAME alone that logger and those below it."})
final class LogLevel implements SpillwayCommand {
    private final Console console;
    @Spec
    private CommandSpec spec;
    @Mixin
    private CoordinatorOption coordinator;
    @Option(names = "--worker", paramLabel = "WORKER",
            description = "This worker instead: host:port, a URL, unix:/path of its socket or a host's name.")
    private @Nullable String worker;
    @Mixin
    private Output output;
    @Parameters(index = "0", paramLabel = "NAME", arity = "0..1", description = "ROOT, a package such as dev.spillway, or a class.")
    private @Nullable String name;
    @Parameters(index = "1", paramLabel = "LEVEL", arity = "0..1",
            description = "trace, debug, info, warn, error or off; inherit for that of the next logger above.")
    private Values.@Nullable LogLevel level;

    LogLevel(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        Server server = worker == null ? coordinator.server() : WorkerOption.server(worker, coordinator, spec);
        if (name == null || level == null) {
            Server.Answer answer = server.get(CommonApi.LIST_LOGGERS.at().with("under", name));
            print(answer, answer.listOf(Loggers.Logger.class).items());
        } else {
            Server.Answer answer = server.send(CommonApi.SET_LOGGER.at(name), new Loggers.Change(level.level()));
            print(answer, List.of(answer.as(Loggers.Logger.class)));
        }
        return Outcome.done();
    }

    private void print(Server.Answer answer, List<Loggers.Logger> loggers) {
        if (output.json()) {
            console.out().println(answer.text());
            return;
        }
        Table table = new Table("LOGGER", "LEVEL", "EFFECTIVE");
        for (Loggers.Logger each : loggers) {
            table.row(each.name(), each.level() == null ? Text.NONE : each.level(), each.effectiveLevel());
        }
        table.print(console.out());
    }
}
