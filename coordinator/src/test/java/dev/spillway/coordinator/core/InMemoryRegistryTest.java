package dev.spillway.coordinator.core;

import dev.spillway.events.RegistryId;
import java.time.Duration;
import java.util.Random;
import java.util.UUID;

class InMemoryRegistryTest extends RegistryContract {
    private final TickingClock clock = new TickingClock();

    @Override
    public void pass(Duration time) {
        clock.pass(time);
    }

    @Override
    public Backup backUp(Registry registry) {
        InMemoryRegistry inMemory = (InMemoryRegistry) registry;
        InMemoryRegistry.Backup backup = inMemory.backUp();
        return () -> inMemory.restore(backup);
    }

    @Override
    public Registry empty(RegistryRules rules) {
        return new InMemoryRegistry(new RegistryId(UUID.nameUUIDFromBytes(new byte[]{1})), 4, rules, clock, new Random(1));
    }
}
