package dev.spillway.coordinator.http;

import dev.spillway.events.HostId;
import dev.spillway.events.StoreId;
import java.time.Instant;

/**
 * A worker that asked to join and was refused.
 *
 * @param address   where the worker's HTTP listens, {@code host:port}
 * @param reason    one of the protocol's
 * @param detail    why, and what to do
 * @param refusedAt when it asked last
 */
public record JoinRefusalAnswer(HostId hostId, StoreId storeId, String address, String reason, String detail, Instant refusedAt) {}
