package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.postgres.statement.StorageFailure;
import dev.spillway.registry.RegistryUnavailableException;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.MigrationVersion;

/** Migrates the schema to this version. If several coordinators do so at the same time, one works and the others wait for it. */
final class Migrations {
    private static final String LOCATION = "classpath:dev/spillway/schemas/migrations";

    private final DataSource database;
    private final String where;

    /**
     * Creates the migrations of one database.
     *
     * @param where address of the database, for messages
     */
    Migrations(DataSource database, String where) {
        this.database = database;
        this.where = where;
    }

    /**
     * Runs the missing migrations.
     *
     * @throws RegistryUnavailableException if the database cannot be reached
     * @throws SchemaVersionException       if a newer version migrated the schema, or the schema differs from what the migrations create
     */
    void run() {
        try {
            // Migrations of several branches are merged in any order, so a database may already have a later one than the missing one.
            Flyway flyway =
                    Flyway.configure().dataSource(database).locations(LOCATION).failOnMissingLocations(true).outOfOrder(true).load();
            refuseNewer(flyway.info());
            flyway.migrate();
        } catch (FlywayException e) {
            if (StorageFailure.sql(e) != null && StorageFailure.of(e) == StorageFailure.UNAVAILABLE) {
                throw new RegistryUnavailableException("database " + where + ": " + StorageFailure.why(e), e);
            }
            throw new SchemaVersionException("schema of " + where + ": " + StorageFailure.why(e), e);
        }
    }

    private void refuseNewer(MigrationInfoService info) {
        MigrationInfo current = info.current();
        MigrationVersion known = MigrationVersion.EMPTY;
        for (MigrationInfo migration : info.all()) {
            if (migration.getVersion() != null && migration.getState().isResolved() && migration.getVersion().compareTo(known) > 0) {
                known = migration.getVersion();
            }
        }
        if (current != null && current.getVersion() != null && current.getVersion().compareTo(known) > 0) {
            throw new SchemaVersionException(
                    "schema version of " + where + ": " + current.getVersion() + " (expected: at most " + known
                            + "; a newer Spillway has migrated it)",
                    null);
        }
    }
}
