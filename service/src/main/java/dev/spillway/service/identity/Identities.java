package dev.spillway.service.identity;

import dev.spillway.api.ProblemException;
import dev.spillway.api.Role;
import dev.spillway.events.HostId;
import java.util.Optional;
import java.util.Set;

/** Finds the holders of tokens by digest, and of certificates by host. Thread-safe. */
@FunctionalInterface
public interface Identities {
    /**
     * Finds the holder of a token. Blocks.
     *
     * @param digest digest of the token, see {@link AccessToken#digest}
     * @return empty if the token is unknown or has expired
     * @throws ProblemException if it cannot be found out now
     */
    Optional<Identity> find(String digest) throws InterruptedException;

    /** Returns the identity of a host with a valid certificate: that of its worker, unless a service overrides this. Does not block. */
    default Identity host(HostId host) {
        return new Identity("host:" + host, Role.HOST, Set.of(), host);
    }
}
