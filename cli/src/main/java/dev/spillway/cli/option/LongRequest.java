package dev.spillway.cli.option;

import dev.spillway.api.body.Work;
import dev.spillway.cli.CommandFailedException;
import dev.spillway.cli.Console;
import dev.spillway.cli.ProgressLine;
import dev.spillway.cli.output.HumanText;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A request that is answered only after long work is done. */
public final class LongRequest {
    /** Sends it. */
    @FunctionalInterface
    public interface Asking {
        Server.Answer ask() throws InterruptedException;
    }

    /** Returns the progress of the work; null if it is not known. */
    @FunctionalInterface
    public interface Looking {
        @Nullable
        Work look() throws InterruptedException;
    }

    private LongRequest() {}

    /** Sends a request, and shows the progress on a terminal until it is answered. */
    public static Server.Answer show(Console console, String what, Asking asking, Looking looking) throws InterruptedException {
        if (!console.terminal()) {
            return asking.ask();
        }
        FutureTask<Server.Answer> task = new FutureTask<>(asking::ask);
        Thread.ofPlatform().daemon().start(task);
        ProgressLine progress = new ProgressLine(console, HumanText::bytes);
        try {
            while (true) {
                try {
                    return task.get(500, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    Work work = looking.look();
                    if (work == null) {
                        progress.showTime(what);
                    } else {
                        progress.show("%s of %s:".formatted(work.kind(), what), work.bytesDone());
                    }
                }
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof CommandFailedException failed ? failed : new IllegalStateException(e.getCause());
        } finally {
            progress.end();
        }
    }
}
