package dev.spillway.cli.client;

import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.api.body.Work;
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
import dev.spillway.events.EntryKey;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Stores a directory tree on a host. */
final class Put implements ClientCommand {
    /** Time limit of a request that moves no data. */
    static final Duration SHORT = Duration.ofSeconds(60);
    /** Time limit of a request that copies a tree of any size before it is answered. */
    static final Duration COPY = Duration.ofHours(12);

    private final Console console;
    private final WorkerOption worker = new WorkerOption();
    private final Output output = new Output();
    private final EntryParameters entry = new EntryParameters();
    @SuppressWarnings("NullAway.Init") // by declare
    private Path directory;
    private @Nullable String description;
    private final List<Values.Label> labels = new ArrayList<>();
    private @Nullable Long generation;
    private @Nullable SnapshotId snapshot;
    private CachedDirectories.@Nullable Mode mode;

    Put(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe("put", "Store a directory on a host, under a key. What no longer fits into the namespace is evicted from all hosts.");
        worker.declare(to);
        output.declare(to);
        entry.declare(to);
        to.parameter("2", "DIR", Path.class, value -> directory = value, "The directory, on the worker's host.");
        to.option("--description", "TEXT", String.class, value -> description = value, "What it is, in a line.");
        to.repeated(
                "--label",
                "NAME=VALUE",
                Values.Label.class,
                labels,
                "A label of the entry; NAME ends at the first =. May be given more than once.",
                "rebuild-seconds=N tells an order of eviction by GDSF what it costs to make the image again.");
        to.option(
                "--generation",
                "N",
                Long.class,
                value -> generation = value,
                "Offer the directory as this host's copy of that generation of the entry, instead of a new one.");
        to.option(
                "--snapshot",
                "ID",
                SnapshotId.class,
                value -> snapshot = value,
                "With --generation: the image that was copied, as ls tells it; refused where the generation is another image's.");
        to.option(
                "--mode",
                "MODE",
                CachedDirectories.Mode.class,
                value -> mode = value,
                "copy, move or reflink (default: copy).",
                "move hands the directory over: nobody may write to it any more. It is refused while a file in it is open for writing. Where"
                        + " something of it cannot be kept or deleted, it is copied, and all of it stays.",
                "An image must not be written to, whatever the mode.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        SortedMap<String, String> named = new TreeMap<>();
        for (Values.Label label : labels) {
            if (named.put(label.name(), label.value()) != null) {
                throw new InvalidValueException("--label", label, "each name once");
            }
        }
        CachedDirectories.Put body =
                new CachedDirectories.Put(
                        directory.toAbsolutePath().normalize().toString(),
                        description,
                        named.isEmpty() ? null : named,
                        mode,
                        generation,
                        snapshot);
        Server server = worker.server();
        Server.Answer answer = LongRequest.show(
                console,
                HumanText.printable(entry.key().value()),
                () -> server.send(WorkerApi.PUT_DIRECTORY.at(entry.namespace(), entry.key()), body, COPY),
                () -> underWay(server, entry.namespace(), entry.key()));
        if (output.json()) {
            console.out().println(answer.text());
            return CommandOutcome.done();
        }
        CachedDirectories.Stored stored = answer.as(CachedDirectories.Stored.class);
        console.out()
                .printf(
                        "stored   %s  generation %d, %s, %s%n",
                        HumanText.printable(entry.key().value()),
                        stored.generation(),
                        HumanText.bytes(stored.sizeBytes()),
                        stored.path());
        if (stored.notKept() != null) {
            console.out().printf("lacks    %s  %s%n", HumanText.printable(entry.key().value()), counts(stored.notKept()));
        }
        if (stored.sourceLeft() != null) {
            console.out()
                    .printf(
                            "source   %s  %s%n",
                            HumanText.printable(directory.toString()),
                            HumanText.printable(stored.sourceLeft().toString()));
        }
        for (EvictedEntry evicted : stored.evicted()) {
            console.out()
                    .printf(
                            "evicted  %s  generation %d, %s%n",
                            HumanText.printable(evicted.key().value()),
                            evicted.generation(),
                            evicted.cause());
        }
        return CommandOutcome.done();
    }

    /** Returns the copying of a tree that a worker does now. */
    static @Nullable Work underWay(Server server, NamespaceName namespace, EntryKey key) throws InterruptedException {
        return server.get(WorkerApi.GET_PUT_OF_DIRECTORY.at(namespace, key)).as(CachedDirectories.PutUnderWay.class).work();
    }

    private static String counts(Map<String, Long> notKept) {
        return notKept.entrySet().stream().map(kind -> kind.getValue() + " " + kind.getKey()).collect(Collectors.joining(", "));
    }
}
