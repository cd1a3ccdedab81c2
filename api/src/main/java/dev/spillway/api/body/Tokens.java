package dev.spillway.api.body;

import dev.spillway.api.Role;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tokens, which control who may call which operations. The text of a token is shown only once, when it is created. */
public final class Tokens {
    private Tokens() {}

    /**
     * Asks for a new token.
     *
     * @param name       name of its holder in the audit trail
     * @param namespaces the only namespaces that it is for; absent or empty for all
     * @param host       the host of a token with role HOST; absent for any other role
     * @param lasts      lifetime, such as {@code P90D} or {@code 90d}; absent for a token that is valid until it is revoked
     */
    public record Create(String name, Role role, @Nullable List<NamespaceName> namespaces, @Nullable HostId host, @Nullable String lasts) {}

    /** A new token. */
    public record Created(String name, String token, @Nullable Instant expiresAt) {}

    /** The source of a token. */
    public enum Source {
        /** The coordinator's {@code tokens-file}. The token ends when its line is removed. */
        FILE,
        /** The registry. The token was created over HTTP and can be revoked. */
        REGISTRY
    }

    /**
     * A token in a list, without its text.
     *
     * @param source    absent in answers of older coordinators, which list only tokens of the registry
     * @param createdAt absent for one of the file
     * @param createdBy absent for one of the file
     */
    public record Listed(
            String name,
            @Nullable Source source,
            Role role,
            List<NamespaceName> namespaces,
            @Nullable HostId host,
            @Nullable Instant createdAt,
            @Nullable String createdBy,
            @Nullable Instant expiresAt) {}

    /** @param digest SHA-256 of a token's text, 64 lower-case hexadecimal digits */
    public record Find(String digest) {}

    /**
     * The holder of a token.
     *
     * @param expiresAt expiry of the token; absent for one that is valid until it is revoked
     */
    public record Found(String name, Role role, List<NamespaceName> namespaces, @Nullable HostId host, @Nullable Instant expiresAt) {}
}
