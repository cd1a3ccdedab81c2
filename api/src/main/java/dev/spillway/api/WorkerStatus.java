package dev.spillway.api;

import dev.spillway.events.HostId;
import dev.spillway.events.RegistryId;
import dev.spillway.events.StoreId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A host as it sees itself.
 *
 * @param joined      whether the registry takes its messages
 * @param refusal     why the registry refuses it, with the way out
 * @param unreachable why the last message was not answered
 * @param draining    whether it takes nothing new
 * @param suspended   it was retired and serves nothing until it is reconciled
 * @param replicas    how many are in each state
 * @param bytes       allocated by those in each state
 * @param partition   of the orders that it reads; absent before it read any
 * @param nextOffset  of the orders, the first that is not decided
 */
public record WorkerStatus(HostId hostId, StoreId storeId, String address, boolean joined, @Nullable String refusal,
        @Nullable String unreachable, boolean draining, @Nullable RegistryId registryId, long epoch, long incarnation,
        boolean suspended, Map<ReplicaState, Long> replicas, Map<ReplicaState, Long> bytes, long holds, @Nullable Integer partition,
        @Nullable Long nextOffset) {}
