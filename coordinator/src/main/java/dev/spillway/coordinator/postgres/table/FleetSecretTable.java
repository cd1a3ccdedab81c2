package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.identity.FleetSecret;
import dev.spillway.coordinator.postgres.statement.StorageFailure;
import java.security.SecureRandom;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;

/** The row of the fleet's secret. */
public final class FleetSecretTable {
    private FleetSecretTable() {}

    /** Returns the secret. If several coordinators start at once and find none, the first of them creates it. */
    public static FleetSecret read(DataSource database) {
        try {
            return Jdbi.create(database).withHandle(handle -> {
                handle.createUpdate("INSERT INTO message_key (secret) VALUES (:secret) ON CONFLICT DO NOTHING")
                        .bind("secret", FleetSecret.random(new SecureRandom()).reveal())
                        .execute();
                return FleetSecret.of(handle.createQuery("SELECT secret FROM message_key").mapTo(byte[].class).one());
            });
        } catch (RuntimeException e) {
            throw StorageFailure.told("secret of the fleet", e);
        }
    }
}
