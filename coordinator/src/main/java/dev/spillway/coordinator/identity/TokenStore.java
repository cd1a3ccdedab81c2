package dev.spillway.coordinator.identity;

import dev.spillway.service.identity.Identities;
import dev.spillway.service.identity.Identity;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Tokens, stored by their digests. Blocks; thread-safe. */
public interface TokenStore extends Identities {
    /** A stored token. */
    record Stored(Identity identity, Instant createdAt, String createdBy, @Nullable Instant expiresAt) {}

    /**
     * Stores a token.
     *
     * @param lasts lifetime; absent for a token that is valid until it is revoked
     * @return empty if a token of this name exists already
     */
    Optional<Stored> create(Identity identity, String digest, String createdBy, @Nullable Duration lasts);

    /** Lists tokens by name, including expired ones. */
    List<Stored> list(String after, int limit);

    /** Revokes a token; returns false if there is none of this name. */
    boolean revoke(String name, String revokedBy);
}
