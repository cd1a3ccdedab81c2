package dev.spillway.events.protocol;

import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.RegistryId;
import dev.spillway.events.StoreId;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Asks to become the current incarnation of a host.
 *
 * @param address           address of the worker's HTTP, {@code host:port}, at most 300 characters of ASCII
 * @param versions          versions of the protocol that the worker understands, at most 64
 * @param registryId        the registry that the store belongs to; absent for a store that never joined
 * @param epoch             the epoch that the store knows, 0 if none
 * @param highestGeneration the highest generation that the store has seen, 0 if none
 * @param process           the process that asks
 * @param incarnation       the last incarnation that the store knows, 0 if none
 */
public record JoinRequest(
        HostId hostId,
        StoreId storeId,
        String address,
        List<Integer> versions,
        @Nullable RegistryId registryId,
        long epoch,
        long highestGeneration,
        WorkerProcess process,
        long incarnation) implements WorkerMessage<JoinAnswer> {
    private static final Pattern ADDRESS = Pattern.compile("[!-~]{1,300}");
    private static final int VERSIONS_MAX = 64;

    public JoinRequest {
        if (!ADDRESS.matcher(address).matches()) {
            throw new InvalidValueException("address", address, "host:port, at most 300 characters of ASCII");
        }
        if (versions.size() > VERSIONS_MAX) {
            throw new InvalidValueException("versions", versions.size() + " of them", "at most " + VERSIONS_MAX);
        }
    }

    /** Creates a request for a store that never joined. */
    public JoinRequest(HostId hostId, StoreId storeId, String address, List<Integer> versions, WorkerProcess process) {
        this(hostId, storeId, address, versions, null, 0, 0, process, 0);
    }

    /**
     * One run of a worker. It tells apart two processes on a store and its copy, which are alike in everything else.
     *
     * @param id      drawn at each start, never stored
     * @param rejoins whether this process was an incarnation of the host before
     */
    public record WorkerProcess(UUID id, boolean rejoins) {}
}
