package dev.spillway.coordinator.app;

import dev.spillway.coordinator.postgres.PostgresRegistrySettings;
import dev.spillway.events.HostId;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.service.LastUse;
import dev.spillway.service.UnusableServerException;
import dev.spillway.service.monitoring.Readiness;

/** Checks that the database can be read, with a query of one index lookup, and that the registry's commands succeed. */
final class DatabaseCheck implements Readiness.Check {
    private final Registry registry;
    private final CommandUses uses;
    private final PostgresRegistrySettings database;
    private final LastUse reads = new LastUse();

    DatabaseCheck(Registry registry, CommandUses uses, PostgresRegistrySettings database) {
        this.registry = registry;
        this.uses = uses;
        this.database = database;
    }

    @Override
    public void run() throws UnusableServerException {
        try {
            registry.queries().host(new HostId("readyz"));
            reads.worked();
        } catch (RegistryUnavailableException e) {
            // An idle connection that the server closed fails once. The pool then opens a new one.
            reads.failed(DatabaseTrouble.inWords(e, database.user()));
        }
        try {
            reads.requireWorking();
            uses.requireWorking();
        } catch (UnusableServerException e) {
            throw new UnusableServerException("PostgreSQL at " + database.url() + ": " + e.getMessage(), e);
        }
    }
}
