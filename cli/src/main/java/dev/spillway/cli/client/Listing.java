package dev.spillway.cli.client;

import dev.spillway.api.RequestTarget;
import dev.spillway.cli.Console;
import dev.spillway.cli.Outcome;
import java.util.function.Consumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Prints a list that the coordinator gives page by page. */
final class Listing {
    @Mixin
    private CoordinatorOption coordinator;
    @Mixin
    private Output output;
    @Option(names = "--limit", paramLabel = "N", description = "At most so many (default: ${DEFAULT-VALUE}).")
    private Values.Count limit;

    private Listing(Values.Count limit) {
        this.limit = limit;
    }

    /** Prints a hundred items unless more are asked for. */
    static Listing ofHundred() {
        return new Listing(new Values.Count(100));
    }

    static Listing ofAll() {
        return new Listing(Values.Count.ALL);
    }

    CoordinatorOption coordinator() {
        return coordinator;
    }

    Output output() {
        return output;
    }

    /** @param table prints the items for people */
    Outcome print(RequestTarget list, Console console, Consumer<Pages> table) throws InterruptedException {
        Pages pages = Pages.fetch(coordinator.server(), list, limit.number());
        if (output.json()) {
            pages.printJson(console.out());
        } else {
            table.accept(pages);
        }
        return Outcome.done();
    }
}
