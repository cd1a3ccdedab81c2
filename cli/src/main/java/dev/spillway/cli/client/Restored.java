package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.RegistryStatus;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.TypedName;
import dev.spillway.cli.output.Output;

/** Confirms that the registry's database was restored from an older state. */
final class Restored implements ClientCommand {
    private final Console console;
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private final Output output = new Output();
    private boolean yes;

    Restored(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe(
                "restored",
                "Say that the registry's database was restored from a backup: every host then tells it what it holds. "
                        + "To be said before workers reach a coordinator on the restored database.");
        coordinator.declare(to);
        output.declare(to);
        to.flag("--yes", value -> yes = value, "Do not ask.");
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        Server server = coordinator.server();
        RegistryStatus before = server.get(CoordinatorApi.GET_REGISTRY.at()).as(RegistryStatus.class);
        if (!yes) {
            new TypedName("restored", "nothing was changed").require(
                    console,
                    "Registry %s knows generations up to %d in epoch %d. Every host will tell anew what it holds. Type restored to go on: "
                            .formatted(before.id(), before.generation(), before.epoch()));
        }
        Server.Answer answer = server.send(CoordinatorApi.RESTORED.at(), new RegistryStatus.Restore(before.epoch()));
        if (output.json()) {
            console.out().println(answer.text());
        } else {
            RegistryStatus.Restored restored = answer.as(RegistryStatus.Restored.class);
            console.out()
                    .printf(
                            "registry %s is in epoch %d now, generations go on behind %d; hosts tell what they hold when they join%n",
                            before.id(),
                            restored.epoch(),
                            restored.generation());
        }
        return CommandOutcome.done();
    }
}
