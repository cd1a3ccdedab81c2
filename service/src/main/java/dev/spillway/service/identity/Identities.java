package dev.spillway.service.identity;

import dev.spillway.api.ProblemException;
import java.util.Optional;

/** Knows tokens by their digests. Thread-safe. */
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
}
