package dev.spillway.events.protocol;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.spillway.events.RegistryId;
import dev.spillway.events.codec.MessageKey;
import org.jspecify.annotations.Nullable;

/** The answer to a host that asks to join. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
@JsonSubTypes({
        @JsonSubTypes.Type(value = JoinAnswer.Joined.class, name = "JOINED"),
        @JsonSubTypes.Type(value = JoinAnswer.Refused.class, name = "REFUSED")})
public sealed interface JoinAnswer {
    /**
     * The host is the current incarnation now.
     *
     * @param partition      the partition of {@code spillway.orders} that is this host's
     * @param reconcileFirst whether the host serves nothing until its first reconciliation is answered, because it may have missed evictions
     * @param draining       whether the host takes nothing new
     * @param readopt        whether the registry was restored, so that the host must first report all replicas that it has from before the restore
     * @param messageKey     key that authenticates the host's messages on Kafka; absent until the host has authenticated itself, and from a
     *                       coordinator of an older version
     */
    record Joined(
            RegistryId registryId,
            long epoch,
            long incarnation,
            int partition,
            boolean reconcileFirst,
            PolicySet policies,
            Intervals intervals,
            boolean draining,
            boolean readopt,
            @Nullable MessageKey messageKey) implements JoinAnswer {
        /** Creates an answer without the key. */
        public Joined(
                RegistryId registryId,
                long epoch,
                long incarnation,
                int partition,
                boolean reconcileFirst,
                PolicySet policies,
                Intervals intervals,
                boolean draining,
                boolean readopt) {
            this(registryId, epoch, incarnation, partition, reconcileFirst, policies, intervals, draining, readopt, null);
        }

        /** Returns the same answer with the host's key. */
        public Joined with(MessageKey key) {
            return new Joined(registryId, epoch, incarnation, partition, reconcileFirst, policies, intervals, draining, readopt, key);
        }
    }

    /**
     * The registry refuses the host.
     *
     * @param detail what differs and what to do, for a person
     */
    record Refused(Reason reason, String detail) implements JoinAnswer {}

    /** Reasons for which a host is refused. */
    enum Reason {
        /** Another store with the same host id still sends heartbeats. */
        HOST_ID_IN_USE,
        /** The host id has replicas in another store. A person confirms that the store was replaced, or mounts the former volume. */
        NEW_STORE,
        /** The store belongs to another host, because it was copied or mounted twice. */
        STORE_IN_USE,
        /**
         * A process that started later has joined as this host with the same store, and still sends heartbeats. The store was copied or mounted
         * twice.
         */
        SUPERSEDED,
        /** The store belongs to another registry. */
        OTHER_REGISTRY,
        /** The host has seen more than the registry knows, because the registry was restored from a backup. */
        REGISTRY_BEHIND,
        /** The host was retired and was not readmitted. */
        RETIRED,
        /** The host and the coordinator have no protocol version in common. */
        NO_COMMON_VERSION
    }
}
