package dev.spillway.service.identity;

import dev.spillway.api.ProblemException;
import dev.spillway.api.Role;
import dev.spillway.events.HostId;
import java.util.Optional;
import java.util.Set;

/** Knows tokens by their digests, and hosts by the name in their certificates. Thread-safe. */
@FunctionalInterface
public interface Identities {
    /**
     * Finds whose a token is. Blocks.
     *
     * @param digest that of {@link AccessToken#digest}
     * @return empty where no such token is known, or it is over
     * @throws ProblemException where nobody can say now
     */
    Optional<Identity> find(String digest) throws InterruptedException;

    /** Returns what a host is that proved itself by its certificate: its worker, unless a service says otherwise. Does not block. */
    default Identity host(HostId host) {
        return new Identity("host:" + host, Role.HOST, Set.of(), host);
    }
}
