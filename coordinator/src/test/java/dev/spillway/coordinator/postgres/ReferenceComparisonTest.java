package dev.spillway.coordinator.postgres;

import dev.spillway.events.RegistryId;
import dev.spillway.memoryregistry.InMemoryRegistry;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.decide.RegistryRules.Chunks;
import dev.spillway.registry.decide.RegistryRules.Contact;
import dev.spillway.registry.decide.RegistryRules.Retry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Both registries are given the same random commands and must answer the same, but for the ids and times that each makes up. */
@Tag("full")
class ReferenceComparisonTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final int STEPS = 250;
    private static final int BATCHES = 60;
    private static final long SEEDS = Long.getLong("spillway.comparison.seeds", 2);
    private static final long MORE_SEEDS = 8;

    static Stream<Long> seeds() {
        Long only = Long.getLong("spillway.comparison.seed");
        return only == null ? Stream.iterate(1L, seed -> seed + 1).limit(SEEDS) : Stream.of(only);
    }

    static Stream<Long> moreSeeds() {
        return LongStream.rangeClosed(SEEDS + 1, MORE_SEEDS).boxed();
    }

    @Tag("full")
    @ParameterizedTest
    @MethodSource("moreSeeds")
    void moreOfTheSameCommandsGetTheSameAnswers(long seed) throws Exception {
        theSameCommandsGetTheSameAnswers(seed);
        commandsThatShareATransactionAreAnsweredAsIfOneCameAfterTheOther(seed);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void theSameCommandsGetTheSameAnswers(long seed) {
        Random random = new Random(seed);
        RegistryRules rules = new RegistryRules(
                new Contact(Duration.ofMinutes(30), random.nextBoolean() ? Duration.ZERO : Duration.ofDays(1), Duration.ofMinutes(10)),
                new Retry(Duration.ZERO, Duration.ZERO),
                RegistryRules.DEFAULTS.breaker(),
                random.nextInt(4) == 0 ? Duration.ofDays(1) : Duration.ZERO,
                chunks(random),
                Duration.ofHours(24));
        Side stored = new Side(DATABASE.empty(rules), InstantSource.system(), DATABASE::pass);
        AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
        InstantSource clock = ticking(ahead);
        Side reference = new Side(
                new InMemoryRegistry(new RegistryId(new UUID(-seed, 7)), 4, rules, clock, new Random(seed)),
                clock,
                time -> ahead.updateAndGet(time::plus));
        RandomActs commands = new RandomActs(random, true);
        assertThat(stored.carryOut(RandomActs.first())).isEqualTo(reference.carryOut(RandomActs.first()));
        for (int step = 0; step < STEPS; step++) {
            Act act = commands.next();
            String expected = reference.carryOut(act);
            assertThat(stored.carryOut(act)).as("seed %d, step %d: %s", seed, step, act).isEqualTo(expected);
            if (step % 10 == 0) {
                assertThat(stored.state()).as("seed %d, after step %d: %s", seed, step, act).isEqualTo(reference.state());
            }
        }
        assertThat(stored.state()).as("seed %d, at the end", seed).isEqualTo(reference.state());
    }

    /** Commands that came at once, so that one transaction has one time for all of them. */
    @ParameterizedTest
    @MethodSource("seeds")
    void commandsThatShareATransactionAreAnsweredAsIfOneCameAfterTheOther(long seed) throws Exception {
        Random random = new Random(seed);
        RegistryRules rules =
                new RegistryRules(
                        new Contact(Duration.ofMinutes(30), Duration.ofDays(1), Duration.ofMinutes(10)),
                        new Retry(Duration.ZERO, Duration.ZERO),
                        RegistryRules.DEFAULTS.breaker(),
                        Duration.ofDays(1),
                        chunks(random),
                        Duration.ofHours(24));
        PostgresRegistry registry = DATABASE.empty(rules);
        AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
        InstantSource clock = ticking(ahead);
        AtomicReference<Instant> now = new AtomicReference<>(clock.instant());
        Side stored = new Side(registry, InstantSource.system(), DATABASE::pass);
        Side reference = new Side(
                new InMemoryRegistry(new RegistryId(new UUID(-seed, 7)), 4, rules, now::get, new Random(seed)),
                now::get,
                time -> ahead.updateAndGet(time::plus));
        RandomActs commands = new RandomActs(random, true);
        try (Gathering gathering = new Gathering(DATABASE, registry)) {
            new Fleet(reference.registry()).namespace("gate", null);
            assertThat(stored.carryOut(RandomActs.first())).isEqualTo(reference.carryOut(RandomActs.first()));
            for (int step = 0; step < BATCHES; step++) {
                List<Act> batch = Stream.generate(commands::next).limit(1 + random.nextInt(12)).toList();
                List<Act> shared = batch.stream().filter(act -> act.sharesItsTransaction() && stored.knows(act)).toList();
                for (Act alone : batch.stream().filter(act -> !shared.contains(act)).toList()) {
                    now.set(clock.instant());
                    assertThat(stored.carryOut(alone)).as("seed %d, step %d: %s", seed, step, alone).isEqualTo(reference.carryOut(alone));
                }
                now.set(clock.instant());
                reference.registry().execute(Gathering.FIRST);
                List<String> expected = shared.stream().map(reference::carryOut).toList();
                List<String> answers = gathering.together(shared.stream().<Callable<Object>>map(act -> () -> stored.answer(act)).toList())
                        .stream()
                        .map(answer -> stored.plain().of(answer.resultNow()))
                        .toList();
                assertThat(answers).as("seed %d, step %d: %s", seed, step, shared).isEqualTo(expected);
                assertThat(stored.state()).as("seed %d, after step %d: %s", seed, step, shared).isEqualTo(reference.state());
            }
        }
    }

    private static InstantSource ticking(AtomicReference<Duration> ahead) {
        AtomicReference<Instant> last = new AtomicReference<>(Instant.EPOCH);
        return () -> {
            Instant now = InstantSource.system().instant().plus(ahead.get()).truncatedTo(ChronoUnit.MICROS);
            return last.updateAndGet(before -> now.isAfter(before) ? now : before.plus(1, ChronoUnit.MICROS));
        };
    }

    private static Chunks chunks(Random random) {
        return new Chunks(1 + random.nextInt(3), 1 + random.nextInt(20), 1 + random.nextInt(5), 1 + random.nextInt(5));
    }
}
