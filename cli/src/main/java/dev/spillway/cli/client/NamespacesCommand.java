package dev.spillway.cli.client;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Namespaces;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import dev.spillway.cli.SpillwayCommand;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Namespaces and their limits. */
@Command(name = "namespace", description = "Create, change and list namespaces.")
final class NamespacesCommand {

    @Command(name = "set",
            description = "Create a namespace or change its limits. What is not given stays as it is; a new namespace has no limit.")
    static final class Set implements SpillwayCommand {
        /** A lowered limit evicts before it is answered. */
        private static final Duration EVICT_WITHIN = Duration.ofMinutes(10);

        private final Console console;
        @Mixin
        private CoordinatorOption coordinator;
        @Mixin
        private Output output;
        @Mixin
        private NamespaceParameter namespace;
        @Option(names = "--max-entries", paramLabel = "N", converter = Limit.Entries.class,
                description = "At most so many entries, 1 or more, or none.")
        private @Nullable Limit maxEntries;
        @Option(names = "--max-bytes", paramLabel = "B", converter = Limit.Size.class,
                description = "At most so many bytes, such as 10GiB, or none.")
        private @Nullable Limit maxBytes;
        @Option(names = "--ttl", paramLabel = "TIME", converter = Limit.Time.class,
                description = "An entry goes so long after it was put, such as 7d, or none.")
        private @Nullable Limit ttl;
        @Option(names = "--max-idle", paramLabel = "TIME", converter = Limit.Time.class,
                description = "An entry goes so long after its last use, such as 12h, or none.")
        private @Nullable Limit maxIdle;
        @Option(names = "--low-watermark", paramLabel = "S", converter = Limit.Share.class,
                description = "A put that exceeds a limit evicts down to this share of the limits, above 0 and at most 1, or none.")
        private @Nullable Limit lowWatermark;
        @Option(names = "--max-eviction-share", paramLabel = "S",
                description = "Share of the entries that one prune, lowered limit or shorter time may evict without asking, above 0 and at most 1.")
        private Values.@Nullable Share maxEvictionShare;

        Set(Console console) {
            this.console = console;
        }

        @Override
        public Outcome call() throws InterruptedException {
            ObjectNode body = Server.mapper().createObjectNode();
            set(body, "maxEntries", maxEntries);
            set(body, "maxBytes", maxBytes);
            set(body, "ttl", ttl);
            set(body, "maxIdle", maxIdle);
            set(body, "lowWatermark", lowWatermark);
            if (maxEvictionShare != null) {
                body.put("maxEvictionShare", maxEvictionShare.fraction());
            }
            Server.Answer answer = coordinator.server().send(CoordinatorApi.SET_NAMESPACE.at(namespace.name()), body, EVICT_WITHIN);
            if (output.json()) {
                console.out().println(answer.text());
            } else {
                Namespaces.Policy set = answer.as(Namespaces.Policy.class);
                console.out().println(set.name() + ": " + said(set));
                if (set.evicted() > 0) {
                    console.out().println("evicted " + Text.count(set.evicted(), "entry", "entries") + " beyond the new limits");
                }
            }
            return Outcome.done();
        }

        private static void set(ObjectNode body, String field, @Nullable Limit limit) {
            if (limit != null) {
                body.set(field, limit.value());
            }
        }

        private static String said(Namespaces.Policy set) {
            List<String> said = new ArrayList<>();
            said.add(set.maxEntries() == null ? "no limit of entries" : "at most " + Text.count(set.maxEntries(), "entry", "entries"));
            said.add(set.maxBytes() == null ? "no limit of bytes" : "at most " + Text.bytes(set.maxBytes()));
            if (set.ttl() != null) {
                said.add("for " + set.ttl() + " at most");
            }
            if (set.maxIdle() != null) {
                said.add("for " + set.maxIdle() + " without use at most");
            }
            if (set.lowWatermark() < 1) {
                said.add("down to a share of " + set.lowWatermark() + " when that is exceeded");
            }
            return String.join(", ", said) + "; one prune or lowered limit evicts at most a share of " + set.maxEvictionShare();
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
            Server.Answer answer = coordinator.server().get(CoordinatorApi.LIST_NAMESPACES.at());
            if (output.json()) {
                console.out().println(answer.text());
                return Outcome.done();
            }
            Table table =
                    new Table("NAMESPACE", ">ENTRIES", ">AT MOST", ">BYTES", ">AT MOST", ">TTL", ">MAX IDLE", ">LOW WATERMARK", ">SHARE");
            for (Namespaces.Namespace namespace : all(answer)) {
                table.row(namespace.name(), namespace.entries(), Text.number(namespace.maxEntries()), Text.bytes(namespace.bytes()),
                        Text.bytes(namespace.maxBytes()), Text.length(namespace.ttl()), Text.length(namespace.maxIdle()),
                        namespace.lowWatermark(),
                        namespace.maxEvictionShare());
            }
            table.print(console.out());
            return Outcome.done();
        }
    }

    static List<Namespaces.Namespace> all(Server.Answer answer) {
        return answer.listOf(Namespaces.Namespace.class).items().stream().sorted(Comparator.comparing(Namespaces.Namespace::name)).toList();
    }
}
