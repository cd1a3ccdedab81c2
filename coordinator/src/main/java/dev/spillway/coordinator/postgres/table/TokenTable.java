package dev.spillway.coordinator.postgres.table;

import dev.spillway.api.Role;
import dev.spillway.coordinator.identity.TokenStore;
import dev.spillway.coordinator.postgres.statement.CallerLimit;
import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.StorageFailure;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.trail.AuditRecord.Action;
import dev.spillway.service.identity.Identity;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The table of tokens. Each call is a transaction of its own. */
public final class TokenTable implements TokenStore {
    private static final String COLUMNS = "name, role, namespaces, host_id, created_at, created_by, expires_at ";

    private final Jdbi jdbi;
    private final CallerLimit callers;

    public TokenTable(Jdbi jdbi, CallerLimit callers) {
        this.jdbi = jdbi;
        this.callers = callers;
    }

    @Override
    public Optional<Stored> create(Identity identity, String digest, String createdBy, @Nullable Duration lasts) {
        return ask(handle -> handle.inTransaction(transaction -> {
            Optional<Stored> created = insert(transaction, identity, digest, createdBy, lasts);
            created.ifPresent(
                    token -> AuditTable.add(
                            transaction,
                            Actor.client(createdBy),
                            Action.CREATE_TOKEN,
                            "%s of role %s".formatted(identity.name(), identity.role())));
            return created;
        }));
    }

    private static Optional<Stored> insert(Handle handle, Identity identity, String digest, String createdBy, @Nullable Duration lasts) {
        return handle.createQuery("""
                INSERT INTO tokens (name, digest, role, namespaces, host_id, created_by, expires_at)
                VALUES (:name, :digest, :role, :namespaces, :host, :by, now() + :lasts * interval '1 millisecond')
                ON CONFLICT DO NOTHING RETURNING\s""" + COLUMNS)
                .bind("name", identity.name())
                .bind("digest", digest)
                .bind("role", identity.role().name())
                .bindArray("namespaces", String.class, identity.namespaces().stream().map(NamespaceName::value).sorted().toList())
                .bind("host", identity.host() == null ? null : identity.host().value())
                .bind("by", createdBy)
                .bind("lasts", lasts == null ? null : lasts.toMillis())
                .map((row, context) -> stored(row))
                .findOne();
    }

    @Override
    public List<Stored> list(String after, int limit) {
        return ask(
                handle -> handle.createQuery("SELECT " + COLUMNS + "FROM tokens WHERE name > :after ORDER BY name LIMIT :limit")
                        .bind("after", after)
                        .bind("limit", limit)
                        .map((row, context) -> stored(row))
                        .list());
    }

    @Override
    public boolean revoke(String name, String revokedBy) {
        return ask(handle -> handle.inTransaction(transaction -> {
            boolean revoked = transaction.createUpdate("DELETE FROM tokens WHERE name = :name").bind("name", name).execute() > 0;
            if (revoked) {
                AuditTable.add(transaction, Actor.client(revokedBy), Action.REVOKE_TOKEN, name);
            }
            return revoked;
        }));
    }

    @Override
    public Optional<Identity> find(String digest) {
        return ask(
                handle -> handle.createQuery(
                        "SELECT " + COLUMNS + "FROM tokens WHERE digest = :digest AND (expires_at IS NULL OR expires_at > now())")
                        .bind("digest", digest)
                        .map((row, context) -> stored(row).identity())
                        .findOne());
    }

    private <T> T ask(Function<Handle, T> asking) {
        return callers.admit("tokens", () -> {
            try {
                return jdbi.withHandle(asking::apply);
            } catch (RuntimeException e) {
                throw StorageFailure.told("tokens", e);
            }
        });
    }

    private static Stored stored(ResultSet row) throws SQLException {
        String host = row.getString("host_id");
        Set<NamespaceName> namespaces = Arrays.stream((Object[]) row.getArray("namespaces").getArray())
                .map(name -> new NamespaceName(String.valueOf(name)))
                .collect(Collectors.toSet());
        Instant expiresAt = Columns.nullableInstant(row, "expires_at");
        return new Stored(
                new Identity(
                        row.getString("name"),
                        Role.valueOf(row.getString("role")),
                        namespaces,
                        host == null ? null : new HostId(host),
                        expiresAt),
                Columns.instant(row, "created_at"),
                row.getString("created_by"),
                expiresAt);
    }
}
