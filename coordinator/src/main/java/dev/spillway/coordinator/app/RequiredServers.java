package dev.spillway.coordinator.app;

import dev.spillway.coordinator.kafka.Brokers;
import dev.spillway.coordinator.postgres.PostgresRegistry;
import dev.spillway.coordinator.postgres.PostgresRegistrySettings;
import dev.spillway.coordinator.postgres.SchemaVersionException;
import dev.spillway.events.codec.Topics;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.service.DependencyUnavailableException;
import dev.spillway.service.Lifecycle;
import dev.spillway.service.Reachability;
import dev.spillway.service.UnusableServerException;
import dev.spillway.service.kafka.KafkaSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The servers that a coordinator needs before it can work. */
record RequiredServers(Brokers brokers, PostgresRegistry registry) {
    private static final Logger LOG = LoggerFactory.getLogger(RequiredServers.class);
    /** Time limit of a request that checks whether Kafka answers. It is shorter than the limit for sending a message. */
    private static final Duration KAFKA_ASKED_WITHIN = Duration.ofSeconds(5);

    private static final Duration GIVEN_UP_WITHIN = Duration.ofSeconds(5);

    /**
     * Waits for both servers in parallel, so that the error names each one that did not answer. A failure that waiting cannot cure ends the wait at
     * once.
     */
    static RequiredServers await(CoordinatorSettings settings, Lifecycle lifecycle, RandomGenerator random) throws Exception {
        Reachability reachability = Reachability.within(settings.startupTimeout());
        PostgresRegistrySettings database = settings.database();
        CompletableFuture<Brokers> kafka = new CompletableFuture<>();
        CompletableFuture<PostgresRegistry> postgres = new CompletableFuture<>();
        Thread kafkaStart = inBackground(
                "start-kafka",
                kafka,
                () -> lifecycle.start("kafka", () -> Brokers.open(asking(settings.kafka()), settings.topics(), reachability, random)));
        Thread postgresStart = inBackground(
                "start-postgresql",
                postgres,
                () -> lifecycle.start("postgresql", () -> open(database, settings, reachability, random)));
        try {
            firstFailureOrAll(kafka, postgres).get();
            int partitions = kafka.get().orderPartitions();
            if (partitions == database.partitions()) {
                return new RequiredServers(kafka.get(), postgres.get());
            }
            LOG.info("{} has {} partitions, not {}: hosts are spread over these", Topics.ORDERS, partitions, database.partitions());
            postgres.get().close();
            return new RequiredServers(
                    kafka.get(),
                    lifecycle.start("postgresql", () -> open(with(database, partitions), settings, reachability, random)));
        } catch (ExecutionException e) {
            throw switch (e.getCause()) {
                case DependencyUnavailableException missing -> withTheOther(missing, postgres, kafka);
                case Exception cause -> cause;
                case null, default -> e;
            };
        } finally {
            end(kafkaStart);
            end(postgresStart);
        }
    }

    /**
     * Adds the other server to the exception if it did not answer either. Both have the same time limit, so only the other server's last attempt is
     * still waited for.
     */
    private static DependencyUnavailableException withTheOther(DependencyUnavailableException missing, CompletableFuture<?>... both)
            throws InterruptedException {
        try {
            CompletableFuture.allOf(both).get(GIVEN_UP_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("{}; of both: {}", missing.getMessage(), e.toString());
        }
        List<DependencyUnavailableException> all = new ArrayList<>();
        for (CompletableFuture<?> server : both) {
            if (server.isCompletedExceptionally() && server.exceptionNow() instanceof DependencyUnavailableException named) {
                all.add(named);
            }
        }
        return DependencyUnavailableException.of(all);
    }

    /** Ends a start that was given up. The lifecycle closes whatever that start has opened in the meantime. */
    private static void end(Thread start) throws InterruptedException {
        start.interrupt();
        if (!start.join(GIVEN_UP_WITHIN)) {
            LOG.warn("{}: still trying {} after it was given up", start.getName(), GIVEN_UP_WITHIN);
        }
    }

    private static <T> Thread inBackground(String name, CompletableFuture<T> result, Callable<T> work) {
        return Thread.ofVirtual().name(name).start(() -> {
            try {
                result.complete(work.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
    }

    private static CompletableFuture<@Nullable Void> firstFailureOrAll(CompletableFuture<?> one, CompletableFuture<?> other) {
        CompletableFuture<@Nullable Void> ending = new CompletableFuture<>();
        var _ = one.exceptionally(failure -> {
            ending.completeExceptionally(failure);
            return null;
        });
        var _ = other.exceptionally(failure -> {
            ending.completeExceptionally(failure);
            return null;
        });
        var _ = CompletableFuture.allOf(one, other).thenRun(() -> ending.complete(null));
        return ending;
    }

    private static KafkaSettings asking(KafkaSettings kafka) {
        Duration within = kafka.deliveryTimeout().compareTo(KAFKA_ASKED_WITHIN) < 0 ? kafka.deliveryTimeout() : KAFKA_ASKED_WITHIN;
        return kafka.withDeliveryTimeout(within);
    }

    /** The result of opening the database. An unusable schema does not become usable by retrying. */
    private sealed interface Opening {
        record Opened(PostgresRegistry registry) implements Opening {}

        record Unusable(SchemaVersionException why) implements Opening {}
    }

    private static PostgresRegistry open(
            PostgresRegistrySettings database,
            CoordinatorSettings settings,
            Reachability reachability,
            RandomGenerator random) throws DependencyUnavailableException, UnusableServerException, InterruptedException {
        Opening opening = reachability.<Opening>await("PostgreSQL at " + database.url(), () -> {
            try {
                return new Opening.Opened(PostgresRegistry.open(database, settings.rules(), random));
            } catch (SchemaVersionException e) {
                return new Opening.Unusable(e);
            } catch (RegistryUnavailableException e) {
                throw DatabaseTrouble.explained(e, database);
            }
        });
        return switch (opening) {
            case Opening.Opened(var registry) -> registry;
            case Opening.Unusable(var why) -> throw new UnusableServerException(String.valueOf(why.getMessage()), why);
        };
    }

    private static PostgresRegistrySettings with(PostgresRegistrySettings database, int partitions) {
        return database.withPartitions(partitions);
    }
}
