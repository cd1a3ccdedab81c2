package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.Await;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.decide.Command;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Gathers calls to one registry into one batch, in their order. Another session holds a namespace, and a first command waits for it. The calls wait
 * behind that command until the namespace is released.
 */
final class Gathering implements AutoCloseable {
    /** Namespace that only the first command reads. */
    static final Command.Get FIRST = new Command.Get(new EntryName(new NamespaceName("gate"), new EntryKey("nothing")));

    private final TestDatabase database;
    private final PostgresRegistry registry;
    private final Connection other;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    Gathering(TestDatabase database, PostgresRegistry registry) throws SQLException {
        this.database = database;
        this.registry = registry;
        other = database.connect();
        other.setAutoCommit(false);
        new Fleet(registry).namespace("gate", null);
    }

    /** Closes the gate. Calls gather until it is opened. */
    Future<?> closeGate() throws SQLException {
        try (Statement statement = other.createStatement()) {
            statement.execute("SELECT * FROM namespaces WHERE name = 'gate' FOR UPDATE");
        }
        Future<?> first = threads.submit(() -> registry.execute(FIRST));
        database.awaitWaiting(1);
        return first;
    }

    /** Starts a call that waits in the registry, and returns once it does. */
    <T> Future<T> waiting(Callable<T> call) {
        int before = registry.figures().waiting();
        Future<T> future = threads.submit(call);
        awaitWaiting(before + 1);
        return future;
    }

    void awaitWaiting(int commands) {
        long deadline = System.nanoTime() + Await.HANG.toNanos();
        while (registry.figures().waiting() != commands) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("commands waiting: " + registry.figures().waiting() + " (expected: " + commands + ")");
            }
            Thread.onSpinWait();
        }
    }

    void openGate() throws SQLException {
        other.commit();
    }

    /** The outcomes of calls that were carried out in one batch. */
    List<Future<?>> together(List<? extends Callable<?>> calls) throws Exception {
        Future<?> first = closeGate();
        List<Future<?>> futures = new ArrayList<>();
        for (Callable<?> call : calls) {
            futures.add(waiting(call));
        }
        openGate();
        first.get();
        for (Future<?> future : futures) {
            awaitEnd(future);
        }
        return futures;
    }

    static void awaitEnd(Future<?> future) throws InterruptedException {
        try {
            future.get();
        } catch (ExecutionException e) {
            // An outcome like any other, for the test to look at.
            return;
        }
    }

    @Override
    public void close() throws SQLException {
        other.close();
        threads.close();
    }
}
