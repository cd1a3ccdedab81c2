package dev.spillway.cli.client;

import dev.spillway.api.RequestTarget;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.EntryParameters;
import dev.spillway.cli.option.LongRequest;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.Values;
import dev.spillway.cli.option.WorkerOption;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import org.jspecify.annotations.Nullable;

/** Finds a stored tree on a host. */
final class Get implements ClientCommand {
    private final Console console;
    private final WorkerOption worker = new WorkerOption();
    private final Output output = new Output();
    private final EntryParameters entry = new EntryParameters();
    private Values.@Nullable TimeSpan hold;
    private boolean fresh;
    private boolean local;

    Get(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe("get", "Print the path of a stored directory on a host, which takes a copy from another host if it has none.");
        worker.declare(to);
        output.declare(to);
        entry.declare(to);
        to.option(
                "--hold",
                "TIME",
                Values.TimeSpan.class,
                value -> hold = value,
                "Keep the directory whole for so long, such as PT10M or 10m, even if it is evicted.");
        to.flag("--fresh", value -> fresh = value, "Ask the registry first whether it is still the entry's newest.");
        to.flag("--local", value -> local = value, "Do not take a copy from another host if this one has none.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        RequestTarget directory = WorkerApi.GET_DIRECTORY.at(entry.namespace(), entry.key())
                .with("hold", hold)
                .with("fresh", fresh ? true : null)
                .with("fetch", local ? false : null);
        Server server = worker.server();
        Server.Answer answer = LongRequest.show(
                console,
                HumanText.printable(entry.key().value()),
                () -> server.get(directory, Put.COPY),
                () -> Put.underWay(server, entry.namespace(), entry.key()));
        if (output.json()) {
            console.out().println(answer.text());
            return CommandOutcome.done();
        }
        CachedDirectories.Found found = answer.as(CachedDirectories.Found.class);
        console.out().println(found.path());
        if (found.hold() != null) {
            console.err().println("hold " + found.hold().id() + " until " + HumanText.time(found.hold().until()));
        }
        return CommandOutcome.done();
    }
}
