package dev.spillway.registry.plan;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.InvalidValueException;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.Policy;
import dev.spillway.registry.model.PolicyChange;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The purpose of a plan. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
        @JsonSubTypes.Type(value = PlanPurpose.Prune.class, name = "PRUNE"),
        @JsonSubTypes.Type(value = PlanPurpose.SetPolicy.class, name = "POLICY")})
public sealed interface PlanPurpose {
    /** Returns the eviction cause for victims that were chosen for this reason. */
    EvictionCause cause(PlanVictim.Reason reason);

    /** Returns a short text of what the plan does. */
    String text();

    /**
     * Evict the entries that are idle for longer than {@code idleFor}. Then evict further unpinned entries, in the order of eviction, until the
     * remaining ones are within the bounds.
     *
     * @param maxEntries 0 or more
     * @param maxBytes   0 or more allocated bytes
     * @param idleFor    1 s to 36,500 days
     * @param keyPrefix  only entries whose keys begin with it are counted and chosen; absent for all
     * @param idleApart  whether idle entries are searched among all entries and not counted for the bounds. This is needed if the order of eviction
     *                   was not the order of last use when the plan was begun. Absent without {@code idleFor}, and until the plan is begun
     */
    record Prune(
            @Nullable Long maxEntries,
            @Nullable Long maxBytes,
            @Nullable Duration idleFor,
            @Nullable EntryKey keyPrefix,
            @Nullable Boolean idleApart) implements PlanPurpose {
        public Prune(@Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Duration idleFor, @Nullable EntryKey keyPrefix) {
            this(maxEntries, maxBytes, idleFor, keyPrefix, null);
        }

        /** Refuses impossible bounds, and a prune without any bound. */
        public Prune {
            if (maxEntries != null) {
                InvalidValueException.requireAtLeast("maxEntries", maxEntries, 0);
            }
            if (maxBytes != null) {
                InvalidValueException.requireAtLeast("maxBytes", maxBytes, 0);
            }
            idleFor = idleFor == null ? null : Policy.time("idleFor", idleFor);
            if (maxEntries == null && maxBytes == null && idleFor == null) {
                throw new InvalidValueException(
                        "prune",
                        keyPrefix == null ? "no bound" : "keyPrefix alone",
                        "at least one of maxEntries, maxBytes and idleFor; maxEntries 0 for everything that is not pinned");
            }
        }

        public Prune in(NamespaceRow namespace) {
            return idleFor == null ? this : new Prune(maxEntries, maxBytes, idleFor, keyPrefix, !namespace.isInOrderOfUse());
        }

        /** A plan that was stored before {@code idleApart} existed uses the namespace's present order. */
        public boolean countsIdleApart(NamespaceRow namespace) {
            return idleFor != null && (idleApart == null ? !namespace.isInOrderOfUse() : idleApart);
        }

        public TimeBounds times(Instant madeAt) {
            return new TimeBounds(null, idleFor == null ? null : madeAt.minus(idleFor));
        }

        @Override
        public EvictionCause cause(PlanVictim.Reason reason) {
            return EvictionCause.PRUNED;
        }

        @Override
        public String text() {
            return "prune" + (maxEntries == null ? "" : " maxEntries=" + maxEntries) + (maxBytes == null ? "" : " maxBytes=" + maxBytes)
                    + (idleFor == null ? "" : " idleFor=" + idleFor) + (keyPrefix == null ? "" : " keyPrefix=" + keyPrefix.value());
        }
    }

    /** Change a policy. First evict the entries that its limits leave no room for, and those that its times end. */
    record SetPolicy(PolicyChange change) implements PlanPurpose {
        @Override
        public EvictionCause cause(PlanVictim.Reason reason) {
            return switch (reason) {
                case EXPIRED -> EvictionCause.EXPIRED;
                case IDLE -> EvictionCause.IDLE;
                case OVER_MAX_ENTRIES, OVER_MAX_BYTES -> EvictionCause.CAPACITY;
            };
        }

        @Override
        public String text() {
            return "set " + change;
        }
    }
}
