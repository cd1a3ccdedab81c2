package dev.spillway.testservers;

import dev.spillway.embedded.PostgresServer;
import dev.spillway.embedded.PostgresSettings;
import java.util.Map;
import org.testcontainers.containers.PostgreSQLContainer;

/**
 * A running PostgreSQL: version 17 in a container with its data in memory, or version 18 embedded. Both sync each commit, as in production, and allow
 * prepared transactions.
 *
 * @param user    owner of all databases
 * @param server  stops the server
 */
public record TestPostgres(String host, int port, String user, String password, Runnable server) implements AutoCloseable {
    private static final String PREPARED = "max_prepared_transactions";

    /**
     * Starts the server of a test class and returns when it serves.
     *
     * @param test test class; its annotations decide whether the server is embedded or in a container
     */
    public static TestPostgres start(Class<?> test) {
        if (test.isAnnotationPresent(InContainers.class)) {
            // Replaces the library's command, which turns fsync off. The data are in memory, because a sync in the container's own files is much
            // slower.
            PostgreSQLContainer<?> container =
                    new PostgreSQLContainer<>(ContainerEngine.POSTGRES).withCommand("postgres", "-c", PREPARED + "=2")
                            .withTmpFs(Map.of("/var/lib/postgresql/data", "rw"));
            container.withImagePullPolicy(image -> false).start();
            return new TestPostgres(
                    container.getHost(),
                    container.getMappedPort(PostgreSQLContainer.POSTGRESQL_PORT),
                    container.getUsername(),
                    container.getPassword(),
                    container::stop);
        }
        PostgresServer server = PostgresServer.start(PostgresSettings.temporary().withParameter(PREPARED, "2"));
        return new TestPostgres("127.0.0.1", server.port(), server.user(), server.password(), server::close);
    }

    public String jdbcUrl(String database) {
        return "jdbc:postgresql://%s:%d/%s".formatted(host, port, database);
    }

    @Override
    public void close() {
        server.run();
    }
}
