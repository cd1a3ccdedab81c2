package dev.spillway.worker.core;

import dev.spillway.events.protocol.PolicySet;
import java.util.Optional;

/** Decides which artifacts a host answers for before its registry has taken them: only those that the registry does not refuse for what they contain. */
public final class EarlyAnswers {
    private EarlyAnswers() {}

    /**
     * Returns whether a put waits for the registry. A copy of an entry that is registered already never does.
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

    /** A key may be written already, or all room may be promised. */
    private static boolean mayRefuse(PolicySet.Entry policy) {
        return policy.writeOnce() || policy.minResidency() != null;
    }
}
