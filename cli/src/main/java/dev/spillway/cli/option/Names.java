package dev.spillway.cli.option;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.RequestTarget;
import dev.spillway.api.WorkerApi;
import dev.spillway.cli.CommandFailedException;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.ParameterException;

/** Names for shell completion, which are read from a server at each iteration. Empty if no server answers in time. */
public final class Names implements Iterable<String> {
    /** System property with another time limit in milliseconds, for machines on which Java itself starts slowly. */
    private static final String WITHIN_MILLIS = "spillway.completion-millis";
    private static final long DEFAULT_MILLIS = 1_000;

    /** Kinds of things that have names. */
    public enum Kind {
        NAMESPACE, HOST, PLAN, PAGER
    }

    private final Kind kind;
    private final Asked asked;

    /** Finds the server that a line names. It is not a lambda, because the JDK would link that in each process, and few lines are completed. */
    interface Asked {
        Server server() throws InterruptedException;
    }

    public Names(Kind kind, Asked asked) {
        this.kind = kind;
        this.asked = asked;
    }

    private List<String> ask() throws InterruptedException {
        RequestTarget list = switch (kind) {
            case NAMESPACE -> CoordinatorApi.LIST_NAMESPACES.at();
            case HOST -> CoordinatorApi.LIST_HOSTS.at();
            case PLAN -> CoordinatorApi.LIST_PLANS.at();
            case PAGER -> WorkerApi.LIST_PAGERS.at();
        };
        String field = switch (kind) {
            case NAMESPACE, PAGER -> "name";
            case HOST, PLAN -> "id";
        };
        return asked.server().get(list).json().path("items").valueStream().map(item -> item.path(field).asText()).toList();
    }

    @Override
    public Iterator<String> iterator() {
        FutureTask<List<String>> asking = new FutureTask<>(this::ask);
        Thread.ofPlatform().daemon().start(asking);
        try {
            return asking.get(Long.getLong(WITHIN_MILLIS, DEFAULT_MILLIS), TimeUnit.MILLISECONDS).iterator();
        } catch (TimeoutException e) {
            asking.cancel(true);
        } catch (InterruptedException e) {
            asking.cancel(true);
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            // Failures are not printed, because they would appear in the middle of the line that is being typed.
            if (!(e.getCause() instanceof CommandFailedException) && !(e.getCause() instanceof ParameterException)) {
                throw new IllegalStateException(e.getCause());
            }
        }
        return List.<String>of().iterator();
    }
}
