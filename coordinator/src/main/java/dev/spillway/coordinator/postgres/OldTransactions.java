package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.postgres.statement.StorageFailure;
import dev.spillway.registry.RegistryUnavailableException;
import java.time.Duration;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/**
 * Finds transactions, of any program, that keep vacuum from removing old row versions in the registry's database. The registry's busiest rows get a
 * new version with each use, and each read of such a row passes all its old versions. Thread-safe.
 */
public final class OldTransactions {
    private final Jdbi jdbi;

    /**
     * A transaction.
     *
     * @param name PostgreSQL's name for it: {@code pid} and a number, or {@code prepared transaction} and its identifier
     * @param end  SQL statement that ends it
     * @param doing state of its session, with the application name
     */
    public record OldTransaction(String name, String end, String database, String user, String doing, Duration age) {}

    OldTransactions(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * Returns the transaction that began first. A user without the role {@code pg_read_all_stats} sees those of its own sessions, and prepared ones.
     *
     * @throws RegistryUnavailableException if the database cannot be asked
     */
    public Optional<OldTransaction> oldest() {
        try {
            return jdbi.withHandle(
                    handle -> handle
                            .createQuery(
                                    """
                                            SELECT name, ending, database, owner, doing, (extract(epoch FROM clock_timestamp() - began) * 1000)::bigint AS age
                                            FROM (
                                                SELECT 'pid ' || pid AS name, format('SELECT pg_terminate_backend(%s)', pid) AS ending, datname AS database,
                                                    usename AS owner, concat_ws(', ', nullif(application_name, ''), state) AS doing, xact_start AS began
                                                FROM pg_stat_activity
                                                WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
                                                    AND xact_start IS NOT NULL AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
                                                UNION ALL
                                                SELECT 'prepared transaction ' || gid, format('ROLLBACK PREPARED %L', gid), database, owner, 'prepared', prepared
                                                FROM pg_prepared_xacts WHERE database = current_database()) AS held
                                            ORDER BY began LIMIT 1""")
                            .map(
                                    (row, context) -> new OldTransaction(
                                            row.getString("name"),
                                            row.getString("ending"),
                                            row.getString("database"),
                                            row.getString("owner"),
                                            row.getString("doing"),
                                            Duration.ofMillis(row.getLong("age"))))
                            .findOne());
        } catch (RuntimeException e) {
            throw StorageFailure.told("transactions", e);
        }
    }
}
