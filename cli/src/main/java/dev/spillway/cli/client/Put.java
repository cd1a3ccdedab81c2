package dev.spillway.cli.client;

import dev.spillway.api.CachedDirectories;
import dev.spillway.api.WorkerApi;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Stores a directory tree on a host. */
@Command(name = "put",
        description = "Store a directory on a host, under a key. What no longer fits into the namespace is evicted from all hosts.")
final class Put implements SpillwayCommand {
    /** How long a request that moves no data may take. */
    static final Duration SHORT = Duration.ofSeconds(60);
    /** A tree of any size is copied while the request waits. */
    private static final Duration COPY = Duration.ofHours(12);

    private final Console console;
    @Mixin
    private WorkerOption worker;
    @Mixin
    private Output output;
    @Mixin
    private EntryParameters entry;
    @Parameters(index = "2", paramLabel = "DIR", description = "The directory, on the worker's host.")
    private Path directory;
    @Option(names = "--description", paramLabel = "TEXT", description = "What it is, in a line.")
    private @Nullable String description;
    @Option(names = "--generation", paramLabel = "N",
            description = "Offer the directory as this host's copy of that generation of the entry, instead of a new one.")
    private @Nullable Long generation;
    @Option(names = "--snapshot", paramLabel = "ID",
            description = "With --generation: the image that was copied, as ls tells it; refused where the generation is another image's.")
    private @Nullable SnapshotId snapshot;
    @Option(names = "--mode", paramLabel = "MODE", description = {"copy, move or reflink (default: copy).",
            "move hands the directory over: nobody may write to it any more. It is refused while a file in it is open for writing. Where"
                    + " something of it cannot be kept or deleted, it is copied, and all of it stays.",
            "An image must not be written to, whatever the mode."})
    private CachedDirectories.@Nullable Mode mode;

    Put(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        CachedDirectories.Put body =
                new CachedDirectories.Put(directory.toAbsolutePath().normalize().toString(), description, mode, generation,
                        snapshot);
        Server.Answer answer = worker.server().send(WorkerApi.PUT_DIRECTORY.at(entry.namespace(), entry.key()), body, COPY);
        if (output.json()) {
            console.out().println(answer.text());
            return Outcome.done();
        }
        CachedDirectories.Stored stored = answer.as(CachedDirectories.Stored.class);
        console.out()
                .printf("stored   %s  generation %d, %s, %s%n", Text.printable(entry.key().value()), stored.generation(),
                        Text.bytes(stored.sizeBytes()), stored.path());
        if (stored.notKept() != null) {
            console.out().printf("lacks    %s  %s%n", Text.printable(entry.key().value()), counts(stored.notKept()));
        }
        if (stored.sourceLeft() != null) {
            console.out().printf("source   %s  %s%n", Text.printable(directory.toString()), Text.printable(stored.sourceLeft().toString()));
        }
        for (EvictedEntry evicted : stored.evicted()) {
            console.out()
                    .printf("evicted  %s  generation %d, %s%n", Text.printable(evicted.key().value()), evicted.generation(),
                            evicted.cause());
        }
        return Outcome.done();
    }

    private static String counts(Map<String, Long> notKept) {
        return notKept.entrySet().stream().map(kind -> kind.getValue() + " " + kind.getKey()).collect(Collectors.joining(", "));
    }
}
