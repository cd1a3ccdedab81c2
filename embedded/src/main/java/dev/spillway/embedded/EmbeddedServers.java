package dev.spillway.embedded;

import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/** A PostgreSQL and a Kafka broker, started and stopped side by side. */
public record EmbeddedServers(PostgresServer postgres, KafkaBroker kafka) implements AutoCloseable {
    private static final Executor THREADS = task -> Thread.ofPlatform().daemon().name("embedded-server").start(task);

    /**
     * Starts both at the same time and returns when both serve. If one fails, the other is stopped first, and then
     * the failure is thrown.
     *
     * @throws EmbeddedServerException as {@link PostgresServer#start} and {@link KafkaBroker#start}
     */
    public static EmbeddedServers start(PostgresSettings postgres, EmbeddedKafkaSettings kafka) {
        CompletableFuture<PostgresServer> database = CompletableFuture.supplyAsync(() -> PostgresServer.start(postgres), THREADS);
        KafkaBroker broker;
        try {
            broker = KafkaBroker.start(kafka);
        } catch (RuntimeException e) {
            try {
                database.join().close();
            } catch (CompletionException | CancellationException other) {
                e.addSuppressed(other.getCause() != null ? other.getCause() : other);
            }
            throw e;
        }
        try {
            return new EmbeddedServers(database.join(), broker);
        } catch (CompletionException e) {
            broker.close();
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    /**
     * Refuses a directory below which the servers cannot keep their data. Makes nothing.
     *
     * @throws EmbeddedServerException for a path with a character that has a special meaning to one of the servers
     */
    public static void requireUsable(Path directory) {
        ServerDirectory.requirePlain("directory", directory);
    }

    /** Stops both at the same time and returns when both are gone. */
    @Override
    public void close() {
        CompletableFuture<Void> database = CompletableFuture.runAsync(postgres::close, THREADS);
        try {
            kafka.close();
        } finally {
            database.join();
        }
    }
}
