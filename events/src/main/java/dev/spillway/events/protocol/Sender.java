package dev.spillway.events.protocol;

import dev.spillway.events.HostId;
import dev.spillway.events.RegistryId;
import dev.spillway.events.StoreId;

/** The sender of a message: a host's store in one incarnation, towards one registry in one epoch. Fencing compares all five values. */
public record Sender(HostId hostId, StoreId storeId, RegistryId registryId, long epoch, long incarnation) {}
