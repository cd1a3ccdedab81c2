package dev.spillway.worker.core;

import dev.spillway.events.protocol.PolicySet;
import java.util.Optional;

/**
 * Decides which puts of artifacts a host answers, and which artifacts it serves, before the registry has answered: only those that the policy gives
 * the registry no reason to refuse.
 */
public final class EarlyAnswers {
    private EarlyAnswers() {}

    /**
     * Returns whether a put waits for the registry's answer. A copy of a registered generation never waits.
     *
     * @param policy policy of the namespace; empty if this host has not heard of it
     */
    public static boolean mustWait(Optional<PolicySet.Entry> policy, long generation) {
        return generation == 0 && policy.map(EarlyAnswers::mayRefuse).orElse(true);
    }

    /**
     * Returns whether readers get an artifact whose registration is not answered.
     *
     * @param policy policy of the namespace; empty if this host has not heard of it
     * @param replaces whether readers have a registered artifact of that key
     */
    public static boolean isShown(Optional<PolicySet.Entry> policy, boolean replaces) {
        return policy.map(known -> !mayRefuse(known)).orElse(!replaces);
    }

    /** Returns whether the registry may refuse a put because the key is written already, or because no entry may be evicted yet. */
    private static boolean mayRefuse(PolicySet.Entry policy) {
        return policy.writeOnce() || policy.minResidency() != null;
    }
}
