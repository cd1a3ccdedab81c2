package dev.spillway.coordinator.core;

import dev.spillway.events.RegistryId;
import java.util.Random;
import java.util.UUID;

class InMemoryRegistryTest extends RegistryContract {
    @Override
    public Registry empty(RegistryRules rules) {
        return new InMemoryRegistry(new RegistryId(UUID.nameUUIDFromBytes(new byte[]{1})), 4, rules, new TickingClock(), new Random(1));
    }
}
