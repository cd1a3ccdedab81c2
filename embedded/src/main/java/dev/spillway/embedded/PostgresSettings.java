package dev.spillway.embedded;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How an embedded PostgreSQL is started. Immutable; each {@code with} method returns a changed copy.
 *
 * @param directory    where data, password and lock are kept between runs, made if missing; null for a temporary
 *                     directory that goes at close
 * @param port         TCP port on 127.0.0.1, 1 to 65535; 0 to have a free one chosen
 * @param parameters   server parameters by name, for example {@code shared_buffers} to {@code 256MB}; those that make
 *                     the server durable and local are fixed and refused here
 * @param binaries     where the server's programs are unpacked to and kept for later starts; null for {@code
 *                     /var/cache/spillway} if root, else the user's cache directory
 * @param startTimeout how long a start may take, recovery of a killed server included
 * @param stopTimeout  how long a clean stop may take before the server is stopped at once (its next start then
 *                     recovers); the same again until it is killed
 */
public record PostgresSettings(@Nullable Path directory, int port, Map<String, String> parameters, @Nullable Path binaries,
        Duration startTimeout, Duration stopTimeout) {
    /** Durable and local whatever else is set. */
    static final Map<String, String> FIXED = Map.of("fsync", "on", "synchronous_commit", "on", "full_page_writes", "on", "listen_addresses",
            "127.0.0.1", "unix_socket_directories", "", "logging_collector", "off", "log_destination", "stderr", "lc_messages", "C");

    private static final Set<String> DECIDED_ELSEWHERE = Set.of("port", "data_directory", "hba_file", "config_file", "log_min_messages");
    private static final Pattern PARAMETER = Pattern.compile("[a-z][a-z0-9_.]*");

    public PostgresSettings {
        requirePort("port", port);
        parameters.forEach((name, value) -> {
            if (!PARAMETER.matcher(name).matches()) {
                throw new IllegalArgumentException("parameter: " + name + " (expected: the lower-case name of a PostgreSQL parameter)");
            }
            if (FIXED.containsKey(name) || DECIDED_ELSEWHERE.contains(name)) {
                throw new IllegalArgumentException("parameter " + name + ": " + value + " (expected: not set, it is "
                        + (FIXED.containsKey(name) ? "always '" + FIXED.get(name) + "' here)" : "decided by the server's own settings)"));
            }
        });
        parameters = Map.copyOf(parameters);
        requirePositive("startTimeout", startTimeout);
        requirePositive("stopTimeout", stopTimeout);
    }

    /** A server of its own that leaves nothing behind. */
    public static PostgresSettings temporary() {
        return new PostgresSettings(null, 0, Map.of("max_connections", "100"), null, Duration.ofSeconds(60), Duration.ofSeconds(10));
    }

    /** A server whose data stay in the directory between runs. */
    public static PostgresSettings keptIn(Path directory) {
        PostgresSettings base = temporary();
        return new PostgresSettings(directory, base.port, base.parameters, base.binaries, base.startTimeout, base.stopTimeout);
    }

    public PostgresSettings withPort(int port) {
        return new PostgresSettings(directory, port, parameters, binaries, startTimeout, stopTimeout);
    }

    public PostgresSettings withParameter(String name, String value) {
        Map<String, String> more = new TreeMap<>(parameters);
        more.put(name, value);
        return new PostgresSettings(directory, port, more, binaries, startTimeout, stopTimeout);
    }

    public PostgresSettings withBinaries(Path binaries) {
        return new PostgresSettings(directory, port, parameters, binaries, startTimeout, stopTimeout);
    }

    public PostgresSettings withTimeouts(Duration startTimeout, Duration stopTimeout) {
        return new PostgresSettings(directory, port, parameters, binaries, startTimeout, stopTimeout);
    }

    static void requirePort(String name, int port) {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException(name + ": " + port + " (expected: 0 to 65535)");
        }
    }

    static void requirePositive(String name, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(name + ": " + duration + " (expected: more than zero)");
        }
    }
}
