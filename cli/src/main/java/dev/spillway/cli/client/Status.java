package dev.spillway.cli.client;

import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Whether a worker can do its work. */
@Command(name = "status",
        description = "Show whether a worker is ready, part by part. Ends with 1 if it is not.")
final class Status implements SpillwayCommand {
    record Part(String name, boolean ready, @Nullable String why) {}

    record Report(boolean ready, List<Part> parts) {}

    private final Console console;
    @Mixin
    private WorkerOption worker;
    @Mixin
    private Output output;

    Status(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        Server server = worker.server();
        Server.Answer answer = server.getReadiness(Resource.of("readyz"));
        Report report = answer.as(Report.class);
        if (output.json()) {
            console.out().println(answer.text());
        } else {
            Table table = new Table("PART", "READY", "WHY NOT");
            for (Part part : report.parts()) {
                table.row(part.name(), part.ready() ? "yes" : "no", part.why() == null ? Text.NONE : part.why());
            }
            table.print(console.out());
        }
        return report.ready() ? Outcome.done() : new Outcome.Failed(server.name() + " at " + server.address() + " is not ready");
    }
}
