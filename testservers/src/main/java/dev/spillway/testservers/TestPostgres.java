package dev.spillway.testservers;

import dev.spillway.embedded.PostgresServer;
import dev.spillway.embedded.PostgresSettings;
import java.util.Map;
import org.testcontainers.containers.PostgreSQLContainer;

/**
 * A running PostgreSQL, 17 in a container and 18 embedded, that commits to its disk as in production, and may prepare transactions.
 *
 * @param user    owns all
 * @param server  ends it
 */
public record TestPostgres(String host, int port, String user, String password, Runnable server) implements AutoCloseable {
    private static final String PREPARED = "max_prepared_transactions";

    /**
     * Starts the server of a test class and returns when it serves.
     *
     * @param test decides where it runs
     */
    public static TestPostgres start(Class<?> test) {
        if (test.isAnnotationPresent(InContainers.class)) {
            // In place of the library's own command, which turns fsync off. A container's own files would make each sync take many times as long.
            PostgreSQLContainer<?> container =
                    new PostgreSQLContainer<>(ContainerEngine.POSTGRES).withCommand("postgres", "-c", PREPARED + "=2")
                            .withTmpFs(Map.of("/var/lib/postgresql/data", "rw"));
            container.withImagePullPolicy(image -> false).start();
            return new TestPostgres(container.getHost(), container.getMappedPort(PostgreSQLContainer.POSTGRESQL_PORT),
                    container.getUsername(), container.getPassword(), container::stop);
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
