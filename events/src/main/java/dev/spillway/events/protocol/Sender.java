package dev.spillway.events.protocol;

import dev.spillway.events.HostId;
import dev.spillway.events.RegistryId;
import dev.spillway.events.StoreId;

/** Who speaks: a host's store in one incarnation, towards one registry in one epoch. The fence compares all of it. */
public record Sender(HostId hostId, StoreId storeId, RegistryId registryId, long epoch, long incarnation) {}
