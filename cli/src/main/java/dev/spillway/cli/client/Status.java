package dev.spillway.cli.client;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.api.CommonApi;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.CopyState;
import dev.spillway.api.body.WorkerStatus;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.WorkerOption;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import dev.spillway.cli.output.Table;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows the state that a worker reports of itself. */
final class Status implements ClientCommand {
    /** The fields of {@code /readyz} that this command reads. */
    record Readiness(boolean ready, List<Part> parts) {}

    /**
     * @param age    age of the oldest item that waits for the part
     * @param remark warning for operators although the part is ready
     */
    record Part(String name, boolean ready, @Nullable String why, @Nullable Duration age, @Nullable String remark) {}

    private final Console console;
    private final WorkerOption worker = new WorkerOption();
    private final Output output = new Output();

    Status(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe("status", "Show a worker as it sees itself, and whether it is ready, part by part. Ends with 1 if it is not.");
        worker.declare(to);
        output.declareWatched(to);
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        Server server = worker.server();
        Server.Answer answer = server.get(WorkerApi.GET_STATUS.at());
        Server.Answer readinessAnswer = server.getReadiness(CommonApi.READINESS.at());
        Readiness readiness = readinessAnswer.as(Readiness.class);
        if (output.json()) {
            ObjectNode both = answer.as(ObjectNode.class);
            both.set("readiness", readinessAnswer.as(ObjectNode.class));
            console.out().println(both);
        } else {
            print(answer.as(WorkerStatus.class), readiness);
        }
        return readiness.ready() ? CommandOutcome.done()
                : CommandOutcome.failed(server.name() + " at " + server.address() + " is not ready");
    }

    private void print(WorkerStatus status, Readiness readiness) {
        Table table = new Table("HOST", status.hostId().value());
        table.row("address", status.address());
        table.row("store", status.storeId());
        table.row("registry", status.registryId() == null ? HumanText.NONE : status.registryId());
        table.row("incarnation", status.incarnation());
        if (status.draining()) {
            table.row("draining", "it takes nothing new");
        }
        for (Map.Entry<CopyState, Long> state : status.replicas().entrySet()) {
            if (state.getValue() > 0) {
                table.row(
                        "replicas " + state.getKey(),
                        state.getValue() + ", " + HumanText.bytes(status.bytes().getOrDefault(state.getKey(), 0L)));
            }
        }
        table.row("holds", status.holds());
        for (Part part : readiness.parts()) {
            table.row(part.name(), part.ready() ? "ready" : part.why() == null ? "not ready" : "not ready: " + part.why());
        }
        table.print(console);
    }
}
