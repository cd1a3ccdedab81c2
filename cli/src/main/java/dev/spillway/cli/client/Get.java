package dev.spillway.cli.client;

import dev.spillway.api.CachedDirectories;
import dev.spillway.api.RequestTarget;
import dev.spillway.api.WorkerApi;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Finds a stored tree on a host. */
@Command(name = "get", description = "Print the path of a stored directory on a host.")
final class Get implements SpillwayCommand {
    private final Console console;
    @Mixin
    private WorkerOption worker;
    @Mixin
    private Output output;
    @Mixin
    private EntryParameters entry;
    @Option(names = "--hold", paramLabel = "TIME",
            description = "Keep the directory whole for so long, such as PT10M or 10m, even if it is evicted.")
    private Values.@Nullable TimeSpan hold;
    @Option(names = "--fresh", description = "Ask the registry first whether it is still the entry's newest.")
    private boolean fresh;

    Get(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        RequestTarget directory = WorkerApi.GET_DIRECTORY.at(entry.namespace(), entry.key())
                .with("hold", hold)
                .with("fresh", fresh ? true : null);
        Server.Answer answer = worker.server().get(directory);
        if (output.json()) {
            console.out().println(answer.text());
            return Outcome.done();
        }
        CachedDirectories.Found found = answer.as(CachedDirectories.Found.class);
        console.out().println(found.path());
        if (found.hold() != null) {
            console.err().println("hold " + found.hold().id() + " until " + Text.time(found.hold().until()));
        }
        return Outcome.done();
    }
}
