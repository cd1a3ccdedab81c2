package dev.spillway.embedded;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Settings of an embedded PostgreSQL. Immutable; each {@code with} method returns a changed copy.
 *
 * @param directory  keeps data, password and lock between runs, made if missing; null for a temporary directory that is deleted at close
 * @param port       TCP port on 127.0.0.1; 0 to have a free one chosen
 * @param parameters server parameters by name, for example {@code shared_buffers} to {@code 256MB}
 * @param binaries   keeps the server's programs for later starts; null for {@code /var/cache/spillway} if root, else the user's cache directory
 */
public record PostgresSettings(@Nullable Path directory, int port, Map<String, String> parameters, @Nullable Path binaries) {
    /** Parameters that keep the server durable and local, and that settings must not change. */
    static final Map<String, String> FIXED = Map.of(
            "fsync",
            "on",
            "synchronous_commit",
            "on",
            "full_page_writes",
            "on",
            "listen_addresses",
            "127.0.0.1",
            "unix_socket_directories",
            "",
            "logging_collector",
            "off",
            "log_destination",
            "stderr",
            "lc_messages",
            "C");

    public PostgresSettings {
        parameters.forEach((name, value) -> {
            if (FIXED.containsKey(name) || name.equals("port")) {
                throw new IllegalArgumentException(
                        "parameter %s: %s (expected: not set, it is always %s here)".formatted(
                                name,
                                value,
                                FIXED.getOrDefault(name, "that of the settings")));
            }
        });
        parameters = Map.copyOf(parameters);
    }

    /** Returns settings of a temporary server, which leaves nothing on the disk. */
    public static PostgresSettings temporary() {
        return new PostgresSettings(null, 0, Map.of("max_connections", "100"), null);
    }

    /** Returns settings of a server that keeps its data in the directory between runs. */
    public static PostgresSettings keptIn(Path directory) {
        return new PostgresSettings(directory, 0, temporary().parameters, null);
    }

    public PostgresSettings withPort(int port) {
        return new PostgresSettings(directory, port, parameters, binaries);
    }

    public PostgresSettings withParameter(String name, String value) {
        Map<String, String> more = new TreeMap<>(parameters);
        more.put(name, value);
        return new PostgresSettings(directory, port, more, binaries);
    }

    public PostgresSettings withBinaries(Path binaries) {
        return new PostgresSettings(directory, port, parameters, binaries);
    }
}
