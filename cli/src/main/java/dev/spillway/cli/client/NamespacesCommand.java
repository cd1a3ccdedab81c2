package dev.spillway.cli.client;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Namespaces;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.Limit;
import dev.spillway.cli.option.NamespaceParameter;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.Values;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import dev.spillway.cli.output.Table;
import dev.spillway.events.Backend;
import dev.spillway.events.EvictionPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Namespaces and their limits. */
final class NamespacesCommand {
    private NamespacesCommand() {}

    static final class Set implements ClientCommand {
        /** Time limit of a policy change, because a lowered limit evicts before the answer. */
        private static final Duration EVICT_WITHIN = Duration.ofMinutes(10);

        private final Console console;
        private final CoordinatorOption coordinator = new CoordinatorOption();
        private final Output output = new Output();
        private final NamespaceParameter namespace = new NamespaceParameter();
        private @Nullable Limit maxEntries;
        private @Nullable Limit maxBytes;
        private @Nullable Limit ttl;
        private @Nullable Limit maxIdle;
        private @Nullable Limit lowWatermark;
        private Values.@Nullable Share maxEvictionShare;
        private @Nullable Limit backend;
        private @Nullable Limit minResidency;
        private @Nullable Boolean writeOnce;
        private @Nullable Limit evictionPolicy;

        Set(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("set", "Create a namespace or change its limits. What is not given stays as it is; a new namespace has no limit.");
            coordinator.declare(to);
            output.declare(to);
            namespace.declare(to);
            to.option("--max-entries", "N", Limit.class, value -> maxEntries = value, "At most so many entries, 1 or more, or none.")
                    .converters(new Limit.Entries());
            to.option("--max-bytes", "B", Limit.class, value -> maxBytes = value, "At most so many bytes, such as 10GiB, or none.")
                    .converters(new Limit.Size());
            to.option("--ttl", "TIME", Limit.class, value -> ttl = value, "An entry goes so long after it was put, such as 7d, or none.")
                    .converters(new Limit.Time());
            to.option(
                    "--max-idle",
                    "TIME",
                    Limit.class,
                    value -> maxIdle = value,
                    "An entry goes so long after its last use, such as 12h, or none.").converters(new Limit.Time());
            to.option(
                    "--low-watermark",
                    "S",
                    Limit.class,
                    value -> lowWatermark = value,
                    "A put that exceeds a limit evicts down to this share of the limits, above 0 and at most 1, or none.")
                    .converters(new Limit.Share());
            to.option(
                    "--max-eviction-share",
                    "S",
                    Values.Share.class,
                    value -> maxEvictionShare = value,
                    "Share of the entries that one prune, lowered limit or shorter time may evict without asking, above 0 and at most 1.");
            to.option(
                    "--backend",
                    "KIND",
                    Limit.class,
                    value -> backend = value,
                    "directory (the default) or artifact: what its images are. It stays while the namespace has entries.")
                    .converters(new Limit.BackendName())
                    .completionCandidates(List.of("directory", "artifact"));
            to.option(
                    "--min-residency",
                    "TIME",
                    Limit.class,
                    value -> minResidency = value,
                    "Artifacts only: no put evicts an entry to make room so soon after its last put or get, such as 3h, or none.")
                    .converters(new Limit.Time());
            to.option(
                    "--write-once",
                    "true|false",
                    Boolean.class,
                    value -> writeOnce = value,
                    "Artifacts only: a key keeps its first content.").arity("0..1").fallbackValue("true");
            to.option(
                    "--eviction-policy",
                    "POLICY",
                    Limit.class,
                    value -> evictionPolicy = value,
                    "What goes first when there is no room. lru (the default): what was not used for the longest time. gdsf: what saves the least time"
                            + " per byte, by its uses, its label rebuild-seconds and its size.")
                    .converters(new Limit.PolicyName())
                    .completionCandidates(List.of("lru", "gdsf"));
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            ObjectNode body = Server.mapper().createObjectNode();
            set(body, "maxEntries", maxEntries);
            set(body, "maxBytes", maxBytes);
            set(body, "ttl", ttl);
            set(body, "maxIdle", maxIdle);
            set(body, "lowWatermark", lowWatermark);
            if (maxEvictionShare != null) {
                body.put("maxEvictionShare", maxEvictionShare.fraction());
            }
            set(body, "backend", backend);
            set(body, "minResidency", minResidency);
            if (writeOnce != null) {
                body.put("writeOnce", writeOnce);
            }
            set(body, "evictionPolicy", evictionPolicy);
            Server.Answer answer = coordinator.server().send(CoordinatorApi.SET_NAMESPACE.at(namespace.name()), body, EVICT_WITHIN);
            if (output.json()) {
                console.out().println(answer.text());
            } else {
                Namespaces.Policy set = answer.as(Namespaces.Policy.class);
                console.out().println(set.name() + ": " + said(set));
                if (set.evicted() > 0) {
                    console.out().println("evicted " + HumanText.count(set.evicted(), "entry", "entries") + " beyond the new limits");
                }
            }
            return CommandOutcome.done();
        }

        private static void set(ObjectNode body, String field, @Nullable Limit limit) {
            if (limit != null) {
                body.set(field, limit.value());
            }
        }

        private static String said(Namespaces.Policy set) {
            List<String> said = new ArrayList<>();
            said.add(set.maxEntries() == null ? "no limit of entries" : "at most " + HumanText.count(set.maxEntries(), "entry", "entries"));
            said.add(set.maxBytes() == null ? "no limit of bytes" : "at most " + HumanText.bytes(set.maxBytes()));
            if (set.ttl() != null) {
                said.add("for " + HumanText.length(set.ttl()) + " at most");
            }
            if (set.maxIdle() != null) {
                said.add("for " + HumanText.length(set.maxIdle()) + " without use at most");
            }
            if (set.lowWatermark() < 1) {
                said.add("down to a share of " + set.lowWatermark() + " when that is exceeded");
            }
            if (set.backend() == Backend.ARTIFACT) {
                said.add("of artifacts");
            }
            if (set.minResidency() != null) {
                said.add("kept for " + set.minResidency() + " after each use");
            }
            if (set.writeOnce()) {
                said.add("written once");
            }
            if (set.evictionPolicy() != EvictionPolicy.LRU) {
                said.add("evicted by " + set.evictionPolicy());
            }
            return String.join(", ", said) + "; one prune or lowered limit evicts at most a share of " + set.maxEvictionShare();
        }
    }

    static final class Ls implements ClientCommand {
        private final Console console;
        private final CoordinatorOption coordinator = new CoordinatorOption();
        private final Output output = new Output();

        Ls(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("ls", "List namespaces with their limits.");
            coordinator.declare(to);
            output.declareWatched(to);
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            Server.Answer answer = coordinator.server().get(CoordinatorApi.LIST_NAMESPACES.at());
            if (output.json()) {
                console.out().println(answer.text());
                return CommandOutcome.done();
            }
            Table table =
                    new Table(
                            "NAMESPACE",
                            ">ENTRIES",
                            ">AT MOST",
                            ">BYTES",
                            ">AT MOST",
                            ">TTL",
                            ">MAX IDLE",
                            ">LOW WATERMARK",
                            ">SHARE",
                            "BACKEND",
                            ">MIN RESIDENCY",
                            "WRITE ONCE",
                            "POLICY");
            for (Namespaces.Namespace namespace : all(answer)) {
                table.row(
                        namespace.name(),
                        namespace.entries(),
                        HumanText.number(namespace.maxEntries()),
                        HumanText.bytes(namespace.bytes()),
                        HumanText.bytes(namespace.maxBytes()),
                        HumanText.length(namespace.ttl()),
                        HumanText.length(namespace.maxIdle()),
                        namespace.lowWatermark(),
                        namespace.maxEvictionShare(),
                        namespace.backend().name().toLowerCase(Locale.ROOT),
                        HumanText.length(namespace.minResidency()),
                        namespace.writeOnce() ? "yes" : "no",
                        namespace.evictionPolicy().name().toLowerCase(Locale.ROOT));
            }
            table.print(console);
            return CommandOutcome.done();
        }
    }

    static List<Namespaces.Namespace> all(Server.Answer answer) {
        return answer.listOf(Namespaces.Namespace.class).items().stream().sorted(Comparator.comparing(Namespaces.Namespace::name)).toList();
    }
}
