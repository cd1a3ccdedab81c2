package dev.spillway.worker.core;

import dev.spillway.events.HostId;
import dev.spillway.events.StoreId;

/**
 * Who a worker is.
 *
 * @param address where its HTTP listens, {@code host:port}
 */
public record HostIdentity(HostId hostId, StoreId storeId, String address) {}
