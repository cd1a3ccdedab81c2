package dev.spillway.cli.client;

import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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

    /** How the tree gets into the store. */
    enum Mode {
        COPY, MOVE, REFLINK
    }

    record Body(String sourceDir, @Nullable String description, @Nullable String mode, @Nullable Long generation) {}

    /** What this command reads of the worker's answer. */
    record Stored(String path, SnapshotId snapshotId, long generation, long sizeBytes, List<EvictedEntry> evicted) {}

    private final Console console;
    @Mixin
    private WorkerOption worker;
    @Mixin
    private Output output;
    @Parameters(index = "0", paramLabel = "NS", description = "The namespace.")
    private NamespaceName namespace;
    @Parameters(index = "1", paramLabel = "KEY", description = "The key, any text of 1 to 1,024 bytes.")
    private EntryKey key;
    @Parameters(index = "2", paramLabel = "DIR", description = "The directory, on the worker's host.")
    private Path directory;
    @Option(names = "--description", paramLabel = "TEXT", description = "What it is, in a line.")
    private @Nullable String description;
    @Option(names = "--generation", paramLabel = "N",
            description = "Offer the directory as this host's copy of that generation of the entry, instead of a new one.")
    private @Nullable Long generation;
    @Option(names = "--mode", paramLabel = "MODE", description = "copy, move or reflink (default: copy).")
    private @Nullable Mode mode;

    Put(Console console) {
        this.console = console;
    }

    @Override
    public Outcome call() throws InterruptedException {
        Body body = new Body(directory.toAbsolutePath().normalize().toString(), description, mode == null ? null : Values.name(mode), generation);
        Server.Answer answer = worker.server().put(Resource.of("v1", "directories", namespace, "entries", key), body, COPY);
        if (output.json()) {
            console.out().println(answer.text());
            return Outcome.done();
        }
        Stored stored = answer.as(Stored.class);
        console.out()
                .printf("stored  %s  generation %d, %s, %s%n", Text.printable(key.value()), stored.generation(),
                        Text.bytes(stored.sizeBytes()), stored.path());
        for (EvictedEntry evicted : stored.evicted()) {
            console.out()
                    .printf("evicted %s  generation %d, %s%n", Text.printable(evicted.key().value()), evicted.generation(),
                            evicted.cause());
        }
        return Outcome.done();
    }
}
