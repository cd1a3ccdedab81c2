package dev.spillway.api.body;

import dev.spillway.events.EntryKey;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The audit trail of changes other than those of entries. */
public final class Audit {
    private Audit() {}

    /**
     * A change that somebody requested.
     *
     * @param at        time at which the registry made the change
     * @param actor     party that requested it: client:NAME, or host:ID
     * @param namespace namespace of the changed subject; absent if it does not apply, as are key, host and plan
     * @param detail    short text of the request, such as the fields of a policy or the name of a token; may be empty
     */
    public record Change(
            Instant at,
            String actor,
            Action action,
            @Nullable NamespaceName namespace,
            @Nullable EntryKey key,
            @Nullable HostId hostId,
            @Nullable PlanId planId,
            String detail) {}

    /** The changes that are recorded. */
    public enum Action {
        SET_POLICY,
        PIN,
        UNPIN,
        MAKE_PLAN,
        APPLY_PLAN,
        DRAIN_HOST,
        CANCEL_DRAIN,
        RETIRE_HOST,
        READMIT_HOST,
        DECLARE_RESTORED,
        CREATE_TOKEN,
        REVOKE_TOKEN
    }
}
