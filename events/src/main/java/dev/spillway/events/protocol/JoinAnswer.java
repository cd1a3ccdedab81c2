package dev.spillway.events.protocol;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.spillway.events.MessageKey;
import dev.spillway.events.RegistryId;
import org.jspecify.annotations.Nullable;

/** What a host is told when it asks to join. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
@JsonSubTypes({@JsonSubTypes.Type(value = JoinAnswer.Joined.class, name = "JOINED"),
        @JsonSubTypes.Type(value = JoinAnswer.Refused.class, name = "REFUSED")})
public sealed interface JoinAnswer {
    /**
     * The host is the current incarnation now.
     *
     * @param partition      the partition of {@code spillway.orders} that is this host's
     * @param reconcileFirst the host serves nothing until its first reconciliation is answered: it may hold what was evicted without its knowing
     * @param draining       whether the host takes nothing new
     * @param readopt        whether the registry was restored and the host is to tell what it holds since before that, first of all
     * @param messageKey     proves who wrote a message on Kafka. Added where the host has proved who it is; absent before that, and from a coordinator
     *                       of a version that knows none
     */
    record Joined(RegistryId registryId, long epoch, long incarnation, int partition, boolean reconcileFirst, PolicySet policies,
            Intervals intervals, boolean draining, boolean readopt, @Nullable MessageKey messageKey) implements JoinAnswer {
        /** Tells everything but the key. */
        public Joined(RegistryId registryId, long epoch, long incarnation, int partition, boolean reconcileFirst, PolicySet policies,
                Intervals intervals, boolean draining, boolean readopt) {
            this(registryId, epoch, incarnation, partition, reconcileFirst, policies, intervals, draining, readopt, null);
        }

        /** Returns the same answer with the host's key. */
        public Joined with(MessageKey key) {
            return new Joined(registryId, epoch, incarnation, partition, reconcileFirst, policies, intervals, draining, readopt, key);
        }
    }

    /**
     * The host may not join as it is.
     *
     * @param detail what differs and the way out, for a person
     */
    record Refused(Reason reason, String detail) implements JoinAnswer {}

    /** Why a host may not join. */
    enum Reason {
        /** Another store under the same host id is still heard. */
        HOST_ID_IN_USE,
        /** The host id has replicas of another store: a person says that it was replaced, or mounts the volume. */
        NEW_STORE,
        /** The store belongs to another host: it was copied or mounted twice. */
        STORE_IN_USE,
        /** A process that was started later joined as this host with the same store, and is still heard: the store was copied or mounted twice. */
        SUPERSEDED,
        /** The store belongs to another registry. */
        OTHER_REGISTRY,
        /** The registry knows less than the host has seen: it was restored from a backup. */
        REGISTRY_BEHIND,
        /** The host was retired and not readmitted. */
        RETIRED,
        /** No version is understood by both. */
        NO_COMMON_VERSION
    }
}
