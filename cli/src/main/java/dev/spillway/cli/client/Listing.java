package dev.spillway.cli.client;

import dev.spillway.api.RequestTarget;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.Values;
import dev.spillway.cli.output.Output;
import java.util.function.Consumer;

/** Prints a list that is fetched page by page. */
public final class Listing {
    private final CoordinatorOption coordinator = new CoordinatorOption();
    private final Output output = new Output();
    private Values.Count limit;

    public void declare(Declaration to) {
        coordinator.declare(to);
        output.declareWatched(to);
        to.option("--limit", "N", Values.Count.class, value -> limit = value, "At most so many (default: " + limit + ").");
    }

    private Listing(Values.Count limit) {
        this.limit = limit;
    }

    /** Returns a listing of 100 items by default. */
    public static Listing ofHundred() {
        return new Listing(new Values.Count(100));
    }

    public static Listing ofAll() {
        return new Listing(Values.Count.ALL);
    }

    public CoordinatorOption coordinator() {
        return coordinator;
    }

    public Output output() {
        return output;
    }

    /** @param table prints the items for people */
    public CommandOutcome print(RequestTarget list, Console console, Consumer<Pages> table) throws InterruptedException {
        Pages pages = Pages.fetch(coordinator.server(), list, limit.number());
        if (output.json()) {
            pages.printJson(console.out());
        } else {
            table.accept(pages);
        }
        return CommandOutcome.done();
    }
}
