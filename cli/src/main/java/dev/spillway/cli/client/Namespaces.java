package dev.spillway.cli.client;

import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.coordinator.http.NamespaceAnswer;
import dev.spillway.coordinator.http.NamespaceBody;
import dev.spillway.coordinator.http.NamespaceSetAnswer;
import dev.spillway.events.NamespaceName;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Namespaces and their limits. */
@Command(name = "namespace", description = "Create, change and list namespaces.")
final class Namespaces {

    @Command(name = "set",
            description = "Create a namespace or change its limits. What is not given stays as it is; a new namespace has no limit.")
    static final class Set implements SpillwayCommand {
        private final Console console;
        @Mixin
        private CoordinatorOption coordinator;
        @Mixin
        private Output output;
        @Parameters(paramLabel = "NS", description = "The namespace.")
        private NamespaceName namespace;
        @Option(names = "--max-entries", paramLabel = "N", description = "At most so many entries, 1 or more.")
        private Values.@Nullable Count maxEntries;
        @Option(names = "--max-bytes", paramLabel = "B", description = "At most so many bytes, such as 10GiB.")
        private Values.@Nullable Bytes maxBytes;
        @Option(names = "--max-eviction-share", paramLabel = "S",
                description = "Share of the entries that one lowered limit may evict, above 0 and at most 1.")
        private Values.@Nullable Share maxEvictionShare;

        Set(Console console) {
            this.console = console;
        }

        @Override
        public Outcome call() throws InterruptedException {
            NamespaceBody body = new NamespaceBody(maxEntries == null ? null : maxEntries.number(),
                    maxBytes == null ? null : maxBytes.count(), maxEvictionShare == null ? null : maxEvictionShare.fraction());
            Server.Answer answer = coordinator.server().put(Resource.of("v1", "namespaces", namespace), body, Put.SHORT);
            if (output.json()) {
                console.out().println(answer.text());
            } else {
                NamespaceSetAnswer set = answer.as(NamespaceSetAnswer.class);
                console.out()
                        .printf("%s: %s, %s; one lowered limit evicts at most a share of %s%n", set.name(),
                                set.maxEntries() == null ? "no limit of entries"
                                        : "at most " + Text.count(set.maxEntries(), "entry", "entries"),
                                set.maxBytes() == null ? "no limit of bytes" : "at most " + Text.bytes(set.maxBytes()),
                                set.maxEvictionShare());
                if (set.evicted() > 0) {
                    console.out().println("evicted " + Text.count(set.evicted(), "entry", "entries") + " beyond the new limits");
                }
            }
            return Outcome.done();
        }
    }

    @Command(name = "ls", description = "List namespaces with their limits.")
    static final class Ls implements SpillwayCommand {
        private final Console console;
        @Mixin
        private CoordinatorOption coordinator;
        @Mixin
        private Output output;

        Ls(Console console) {
            this.console = console;
        }

        @Override
        public Outcome call() throws InterruptedException {
            Server.Answer answer = coordinator.server().get(Resource.of("v1", "namespaces"));
            if (output.json()) {
                console.out().println(answer.text());
                return Outcome.done();
            }
            Table table = new Table("NAMESPACE", ">ENTRIES", ">AT MOST", ">BYTES", ">AT MOST", ">SHARE");
            for (NamespaceAnswer namespace : all(answer)) {
                table.row(namespace.name(), namespace.entries(), Text.number(namespace.maxEntries()), Text.bytes(namespace.bytes()),
                        Text.bytes(namespace.maxBytes()), namespace.maxEvictionShare());
            }
            table.print(console.out());
            return Outcome.done();
        }
    }

    static List<NamespaceAnswer> all(Server.Answer answer) {
        return answer.listOf(NamespaceAnswer.class).items().stream().sorted(Comparator.comparing(NamespaceAnswer::name)).toList();
    }
}
