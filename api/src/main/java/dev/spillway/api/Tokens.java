package dev.spillway.api;

import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tokens: who may ask the services, and for what. The text of a token is told once, when it is made. */
public final class Tokens {
    private Tokens() {}

    /**
     * A token to be made.
     *
     * @param name       of its holder, as the audit trail shows it
     * @param namespaces the only ones that it is for; absent or none for all
     * @param host       the host that a token of role HOST speaks for; absent for any other role
     * @param lasts      how long it can be used, as {@code P90D} or {@code 90d}; absent for as long as nobody revokes it
     */
    public record Create(String name, Role role, @Nullable List<NamespaceName> namespaces, @Nullable HostId host, @Nullable String lasts) {}

    /** A token that was made. */
    public record Created(String name, String token, @Nullable Instant expiresAt) {}

    /** The place where a token is known from. */
    public enum Source {
        /** The coordinator's {@code tokens-file}, where it ends when its line is removed. */
        FILE,
        /** The registry: it was made, and can be revoked. */
        REGISTRY
    }

    /**
     * A token in a list, without its text.
     *
     * @param source    absent from a coordinator that does not tell it yet, which lists those of the registry alone
     * @param createdAt absent for one of the file
     * @param createdBy absent for one of the file
     */
    public record Listed(String name, @Nullable Source source, Role role, List<NamespaceName> namespaces, @Nullable HostId host,
            @Nullable Instant createdAt,
            @Nullable String createdBy, @Nullable Instant expiresAt) {}

    /** @param digest SHA-256 of a token's text, 64 lower-case hexadecimal digits */
    public record Find(String digest) {}

    /**
     * The holder of a token.
     *
     * @param expiresAt when the token is over; absent for one that lasts until it is revoked
     */
    public record Found(String name, Role role, List<NamespaceName> namespaces, @Nullable HostId host, @Nullable Instant expiresAt) {}
}
