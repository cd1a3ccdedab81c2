package dev.spillway.worker.core.model;

import dev.spillway.events.HostId;
import dev.spillway.events.StoreId;
import java.util.UUID;

/**
 * The identity of a worker.
 *
 * @param address   address of its HTTP, {@code host:port}
 * @param processId identifies one run of the worker: drawn at each start, never stored
 */
public record HostIdentity(HostId hostId, StoreId storeId, String address, UUID processId) {}
