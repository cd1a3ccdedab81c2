package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Audit;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Table;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Lists the audit trail of changes other than those of entries. */
final class AuditCommand implements ClientCommand {
    private final Console console;
    private final Listing listing = Listing.ofHundred();
    private @Nullable NamespaceName namespace;
    private @Nullable HostId host;
    private @Nullable String actor;

    AuditCommand(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe(
                "audit",
                "List who changed policies, pins, plans, hosts and tokens, newest first. Who evicted what: spillway evictions.");
        listing.declare(to);
        to.option("--namespace", "NS", NamespaceName.class, value -> namespace = value, "Only changes of this namespace.");
        to.option("--host", "HOST", HostId.class, value -> host = value, "Only changes of this host.");
        to.option("--actor", "WHO", String.class, value -> actor = value, "Only what this caller asked for, such as client:NAME.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        return listing.print(
                CoordinatorApi.LIST_CHANGES.at().with("namespace", namespace).with("host", host).with("actor", actor),
                console,
                this::print);
    }

    private void print(Pages pages) {
        Table table = new Table("AT", "WHO", "DID", "TO", "DETAIL");
        for (Audit.Change change : pages.as(Audit.Change.class)) {
            table.row(
                    HumanText.ago(change.at()),
                    change.actor(),
                    change.action().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                    subject(change),
                    change.detail().isEmpty() ? HumanText.NONE : change.detail());
        }
        table.print(console);
    }

    private static String subject(Audit.Change change) {
        String parts = Stream.of(change.namespace(), change.key(), change.hostId(), change.planId())
                .filter(Objects::nonNull)
                .map(Object::toString)
                .collect(Collectors.joining(" "));
        return parts.isEmpty() ? HumanText.NONE : parts;
    }
}
