package dev.spillway.registry.trail;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.plan.PlanRow;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A change that somebody requested. Puts, reads and evictions have no audit record, because entries and evictions record them.
 *
 * @param detail short text of the request; may be empty
 */
public record AuditRecord(Instant at, Actor actor, Action action, Subject subject, String detail) {
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

    /** The subject of a change; each part is absent where it does not apply. */
    public record Subject(@Nullable NamespaceName namespace, @Nullable EntryKey key, @Nullable HostId host, @Nullable PlanId plan) {
        /** The registry as a whole. */
        public static final Subject REGISTRY = new Subject(null, null, null, null);

        public static Subject of(NamespaceName namespace) {
            return new Subject(namespace, null, null, null);
        }

        public static Subject of(EntryName name) {
            return new Subject(name.namespace(), name.key(), null, null);
        }

        public static Subject of(HostId host) {
            return new Subject(null, null, host, null);
        }

        public static Subject of(PlanRow plan) {
            return new Subject(plan.namespace(), null, null, plan.id());
        }
    }

    /**
     * Selects records; what is absent selects all.
     *
     * @param actor as {@link Actor#value} gives it
     */
    public record Filter(@Nullable NamespaceName namespace, @Nullable HostId host, @Nullable String actor) {
        public boolean selects(AuditRecord record) {
            return (namespace == null || namespace.equals(record.subject().namespace()))
                    && (host == null || host.equals(record.subject().host()))
                    && (actor == null || actor.equals(record.actor().value()));
        }
    }
}
