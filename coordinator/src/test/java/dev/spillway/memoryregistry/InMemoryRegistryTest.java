package dev.spillway.memoryregistry;

import dev.spillway.events.RegistryId;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.FleetHost;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryContract;
import dev.spillway.registry.TickingClock;
import dev.spillway.registry.decide.RegistryRules;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

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

    @Test
    void aReadThatIsToldAtOnceIsTheLatestAlthoughItsTransactionBeganBeforeThatOfThePut() {
        AtomicReference<Instant> now = new AtomicReference<>(clock.instant());
        Fleet fleet = Fleet.withCapacity(
                new InMemoryRegistry(
                        new RegistryId(UUID.nameUUIDFromBytes(new byte[]{1})),
                        4,
                        RegistryRules.DEFAULTS,
                        now::get,
                        new Random(1)),
                3);
        FleetHost host = fleet.host("host-1");
        host.holds("a", "1");
        host.holds("b", "2");
        now.updateAndGet(before -> before.minusSeconds(1));
        host.touch("a");
        assertThat(fleet.keys()).containsExactly("b", "a");
    }
}
