package dev.spillway.api.body;

import dev.spillway.events.HostId;
import dev.spillway.events.RegistryId;
import dev.spillway.events.StoreId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state of a host, as its worker knows it.
 *
 * @param joined      whether the registry accepts its messages
 * @param refusal     reason why the registry refuses it, and what to do about it
 * @param unreachable reason why the last message was not answered
 * @param draining    whether it takes nothing new
 * @param suspended   whether it was retired and serves nothing until it is reconciled
 * @param replicas    number of replicas in each state
 * @param bytes       allocated bytes of the replicas in each state
 * @param partition   partition of orders that it reads; absent before it has read any
 * @param nextOffset  offset of the first order that is not decided yet
 */
public record WorkerStatus(
        HostId hostId,
        StoreId storeId,
        String address,
        boolean joined,
        @Nullable String refusal,
        @Nullable String unreachable,
        boolean draining,
        @Nullable RegistryId registryId,
        long epoch,
        long incarnation,
        boolean suspended,
        Map<CopyState, Long> replicas,
        Map<CopyState, Long> bytes,
        long holds,
        @Nullable Integer partition,
        @Nullable Long nextOffset) {}
