package dev.spillway.coordinator.postgres;

import dev.spillway.registry.Fleet;
import dev.spillway.registry.FleetHost;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries.HostView;
import dev.spillway.registry.RegistryQueries.LastCopies;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.model.HostRow;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests how often the last copies of a draining host are counted, and the answers in between. */
class KnownLastCopiesTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

    private final KnownLastCopies known = new KnownLastCopies(Duration.ofMillis(1));
    private final List<Instant> counted = new ArrayList<>();
    private Registry registry;
    private FleetHost host;

    @BeforeEach
    void join() {
        Fleet fleet = Fleet.withCapacity(DATABASE.empty(RegistryRules.DEFAULTS), 10);
        registry = fleet.registry;
        host = fleet.host("host-1");
        host.holds("a", "image-a");
    }

    private HostView view() {
        return registry.queries().host(host.id).orElseThrow();
    }

    private @Nullable LastCopies look(long live, Instant at) {
        HostRow row = view().row();
        return known.of(row, at, () -> {
            counted.add(at);
            return new LastCopies(7, 7, live, at);
        });
    }

    @Test
    void ofALargeHostACountIsGoodForATimeThatGrowsWithIt() {
        registry.execute(new Command.Drain(host.id));
        assertThat(look(2_000, NOON)).isEqualTo(new LastCopies(7, 7, 2_000, NOON));
        assertThat(look(2_000, NOON.plusMillis(1_999))).as("says when it was counted").isEqualTo(new LastCopies(7, 7, 2_000, NOON));
        look(50_000, NOON.plusMillis(2_000));
        look(50_000, NOON.plusMillis(51_999));
        look(50_000, NOON.plusMillis(52_000));
        assertThat(counted).containsExactly(NOON, NOON.plusMillis(2_000), NOON.plusMillis(52_000));
    }

    @Test
    void aSmallHostIsCountedEachTime() {
        registry.execute(new Command.Drain(host.id));
        look(1_000, NOON);
        look(1_000, NOON);
        assertThat(counted).hasSize(2);
    }

    @Test
    void aDrainThatIsCancelledAndBegunAgainIsCountedAnew() {
        assertThat(look(2_000, NOON)).as("it does not drain").isNull();
        registry.execute(new Command.Drain(host.id));
        look(2_000, NOON);
        registry.execute(new Command.CancelDrain(host.id));
        registry.execute(new Command.Drain(host.id));
        look(2_000, NOON);
        registry.execute(new Command.Retire(host.id));
        assertThat(look(2_000, NOON)).as("a retired host has none").isNull();
        assertThat(counted).hasSize(2);
    }

    /** An earlier count may be of copies that are gone, while others than last ones are left: as many is not the same. */
    @Test
    void drainedIsOnlySaidOfTheCopiesThatWereCounted() {
        registry.execute(new Command.Drain(host.id));
        HostView now = view();
        LastCopies counted = Objects.requireNonNull(now.lastCopies(), "it drains");
        assertThat(counted.copies()).isOne();
        assertThat(now.isDrained()).isTrue();
        LastCopies earlier = new LastCopies(1, 1, 3, counted.countedAt());
        assertThat(new HostView(now.row(), 1, 1, 0, null, null, earlier).isDrained()).isFalse();
        assertThat(new HostView(now.row(), 2, 2, 1, NOON, null, counted).isDrained()).as("an order is open").isFalse();
        assertThat(new HostView(now.row(), 1, 1, 1, NOON, null, counted).isDrained()).as("an order is open").isFalse();
    }
}
