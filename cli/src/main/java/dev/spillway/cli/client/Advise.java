package dev.spillway.cli.client;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Namespaces;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.NamespaceParameter;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.Values;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import dev.spillway.cli.output.Table;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Shows the hit rate of a namespace at other sizes, and the size that a hit rate requires. */
final class Advise implements ClientCommand {
    private static final double[] MULTIPLES = {0.25, 0.5, 1, 2, 4, 8};
    private static final String NOTHING_READ = "nothing was read yet, or since its eviction policy changed, so no hit rate is known";

    private final Console console;
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private final Output output = new Output();
    private final NamespaceParameter namespace = new NamespaceParameter();
    private Values.@Nullable Share hitRate;

    Advise(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe(
                "advise",
                "Show which hit rate a namespace would have at other sizes, or which size a hit rate takes, as estimated from what was asked for.");
        coordinator.declare(to);
        output.declareWatched(to);
        namespace.declare(to);
        to.option(
                "--hit-rate",
                "RATE",
                Values.Share.class,
                value -> hitRate = value,
                "Show the size for this rate, such as 0.9. Fails if no size is enough.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        Server server = coordinator.server();
        Server.Answer answer = server.get(CoordinatorApi.GET_CURVE.at(namespace.name()));
        Namespaces.Curve curve = answer.as(Namespaces.Curve.class);
        if (hitRate != null) {
            return sizeFor(hitRate.fraction(), curve);
        }
        if (output.json()) {
            console.out().println(answer.text());
            return CommandOutcome.done();
        }
        if (curve.accesses() == 0) {
            console.out().printf("namespace %s: %s%n", curve.namespace(), NOTHING_READ);
            return CommandOutcome.done();
        }
        Namespaces.Namespace present = server.get(CoordinatorApi.GET_NAMESPACE.at(namespace.name())).as(Namespaces.Namespace.class);
        long entries = present.maxEntries() == null ? present.entries() - present.pinnedEntries() : present.maxEntries();
        long bytes = present.maxBytes() == null ? present.bytes() - present.pinnedBytes() : present.maxBytes();
        Table table = new Table(">SIZE", ">ENTRIES", ">HIT RATE", ">BYTES", ">HIT RATE");
        for (double multiple : MULTIPLES) {
            long someEntries = Math.round(entries * multiple);
            long someBytes = Math.round(bytes * multiple);
            table.row(
                    String.format(Locale.ROOT, "%s x", multiple < 1 ? multiple : String.valueOf((int) multiple)),
                    someEntries,
                    percent(at(curve.byEntries(), someEntries)),
                    HumanText.bytes(someBytes),
                    percent(at(curve.byBytes(), someBytes)));
        }
        table.print(console);
        console.out()
                .println(
                        "estimated from " + HumanText.count(curve.accesses(), "access", "accesses") + ", under "
                                + present.evictionPolicy());
        return CommandOutcome.done();
    }

    private CommandOutcome sizeFor(double wanted, Namespaces.Curve curve) {
        Optional<Namespaces.CurvePoint> entries = first(curve.byEntries(), wanted);
        Optional<Namespaces.CurvePoint> bytes = first(curve.byBytes(), wanted);
        if (output.json()) {
            ObjectNode json = Server.mapper().createObjectNode().put("namespace", curve.namespace().value()).put("hitRate", wanted);
            entries.ifPresent(point -> json.put("maxEntries", point.size()));
            bytes.ifPresent(point -> json.put("maxBytes", point.size()));
            console.out().println(json.put("accesses", curve.accesses()));
        }
        if (curve.accesses() == 0) {
            return CommandOutcome.failed("namespace %s: %s".formatted(curve.namespace(), NOTHING_READ));
        }
        if (entries.isEmpty() || bytes.isEmpty()) {
            return CommandOutcome.failed(
                    "namespace %s: no size has a hit rate of %s (expected: at most %s, because all other accesses are the first of their key)"
                            .formatted(
                                    curve.namespace(),
                                    percent(wanted),
                                    curve.byEntries().isEmpty() ? percent(0) : percent(curve.byEntries().getLast().hitRate())));
        }
        if (!output.json()) {
            console.out()
                    .println(
                            "a hit rate of %s takes %s or %s (now: %s), as estimated from %s".formatted(
                                    percent(wanted),
                                    HumanText.count(entries.get().size(), "entry", "entries"),
                                    HumanText.bytes(bytes.get().size()),
                                    percent(curve.hitRate()),
                                    HumanText.count(curve.accesses(), "access", "accesses")));
        }
        return CommandOutcome.done();
    }

    private static Optional<Namespaces.CurvePoint> first(List<Namespaces.CurvePoint> points, double wanted) {
        return points.stream().filter(point -> point.hitRate() >= wanted).findFirst();
    }

    private static double at(List<Namespaces.CurvePoint> points, long size) {
        return points.stream()
                .filter(point -> point.size() <= size)
                .reduce((earlier, later) -> later)
                .map(Namespaces.CurvePoint::hitRate)
                .orElse(0.0);
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }
}
