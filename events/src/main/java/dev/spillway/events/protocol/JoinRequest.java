package dev.spillway.events.protocol;

import dev.spillway.events.HostId;
import dev.spillway.events.RegistryId;
import dev.spillway.events.StoreId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Asks to become the current incarnation of a host.
 *
 * @param address           where the worker's HTTP listens, {@code host:port}
 * @param versions          versions of the protocol that the worker understands
 * @param registryId        the registry that the store belongs to; absent for a store that never joined
 * @param epoch             the epoch that the store knows, 0 if none
 * @param highestGeneration the highest generation that the store has seen, 0 if none
 */
public record JoinRequest(HostId hostId, StoreId storeId, String address, List<Integer> versions, @Nullable RegistryId registryId,
        long epoch,
        long highestGeneration) implements WorkerMessage<JoinAnswer> {}
