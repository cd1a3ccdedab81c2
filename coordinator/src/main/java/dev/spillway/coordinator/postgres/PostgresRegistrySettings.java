package dev.spillway.coordinator.postgres;

import dev.spillway.events.InvalidValueException;
import java.time.Duration;

/**
 * Settings of the registry's database.
 *
 * @param url             JDBC address, {@code jdbc:postgresql://host:port/database}
 * @param poolSize        largest number of connections, 1 or more, besides those for batches
 * @param poolWait        time for which a command waits for a connection or for a place among the callers, 250 ms or more
 * @param commandDeadline time after which a waiting command is no longer begun, and the time limit of one statement
 * @param waitingMax      number of commands that may wait for a transaction at once, 1 or more; further callers are asked to try again later
 * @param partitions      number of partitions of {@code spillway.orders} over which hosts are spread, 1 or more
 */
public record PostgresRegistrySettings(
        String url,
        String user,
        String password,
        int poolSize,
        Duration poolWait,
        Duration commandDeadline,
        int waitingMax,
        int partitions,
        Retention retention) {
    /** Default number of commands that may wait: a database with slow commits still completes them in a few seconds. */
    public static final int WAITING_MAX = 10_000;

    private static final String URL_START = "jdbc:postgresql:";
    private static final Duration POOL_WAIT_MIN = Duration.ofMillis(250);

    /**
     * Times for which rows are kept after they have served their purpose.
     *
     * @param idempotencyKeys time for idempotency keys, longer than any client retries
     * @param activity        time for events, within which a client can resume
     * @param history         time for closed replicas, closed evictions, usage of namespaces and the audit trail
     * @param chunk           largest number of rows that one statement deletes, 1 or more
     */
    public record Retention(Duration idempotencyKeys, Duration activity, Duration history, int chunk) {
        public static final Retention DEFAULTS = new Retention(Duration.ofHours(24), Duration.ofDays(1), Duration.ofDays(7), 1_000);

        public Retention {
            if (chunk < 1) {
                throw new InvalidValueException("chunk", chunk, "1 or more");
            }
        }
    }

    public PostgresRegistrySettings {
        if (!url.startsWith(URL_START)) {
            throw new InvalidValueException("url", url, URL_START + "//host:port/database");
        }
        if (url.contains("password=")) {
            throw new InvalidValueException(
                    "url",
                    url.substring(0, url.indexOf("password=")) + "password=...",
                    "no password, it has a setting of its own");
        }
        if (poolSize < 1) {
            throw new InvalidValueException("poolSize", poolSize, "1 or more");
        }
        if (poolWait.compareTo(POOL_WAIT_MIN) < 0) {
            throw new InvalidValueException("poolWait", poolWait, POOL_WAIT_MIN + " or more");
        }
        if (commandDeadline.isNegative() || commandDeadline.isZero()) {
            throw new InvalidValueException("commandDeadline", commandDeadline, "more than zero");
        }
        if (waitingMax < 1) {
            throw new InvalidValueException("waitingMax", waitingMax, "1 or more");
        }
        if (partitions < 1) {
            throw new InvalidValueException("partitions", partitions, "1 or more");
        }
    }

    /** Creates settings with 10 connections, 3 s to get one, 10 s for a command, and the default retention. */
    public static PostgresRegistrySettings of(String url, String user, String password, int partitions) {
        return new PostgresRegistrySettings(
                url,
                user,
                password,
                10,
                Duration.ofSeconds(3),
                Duration.ofSeconds(10),
                WAITING_MAX,
                partitions,
                Retention.DEFAULTS);
    }

    public PostgresRegistrySettings withPool(int size, Duration wait) {
        return new PostgresRegistrySettings(url, user, password, size, wait, commandDeadline, waitingMax, partitions, retention);
    }

    public PostgresRegistrySettings withCommandDeadline(Duration deadline) {
        return new PostgresRegistrySettings(url, user, password, poolSize, poolWait, deadline, waitingMax, partitions, retention);
    }

    public PostgresRegistrySettings withWaitingMax(int commands) {
        return new PostgresRegistrySettings(url, user, password, poolSize, poolWait, commandDeadline, commands, partitions, retention);
    }

    public PostgresRegistrySettings withPartitions(int count) {
        return new PostgresRegistrySettings(url, user, password, poolSize, poolWait, commandDeadline, waitingMax, count, retention);
    }

    public PostgresRegistrySettings withRetention(Retention kept) {
        return new PostgresRegistrySettings(url, user, password, poolSize, poolWait, commandDeadline, waitingMax, partitions, kept);
    }

    /** Returns everything but the password. */
    @Override
    public String toString() {
        return "PostgresRegistrySettings[url=" + url + ", user=" + user + ", poolSize=" + poolSize + ", poolWait=" + poolWait
                + ", commandDeadline="
                + commandDeadline + ", waitingMax=" + waitingMax + ", partitions=" + partitions + ", retention=" + retention + "]";
    }
}
