package dev.spillway.coordinator.postgres;

import dev.spillway.events.RegistryId;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.memoryregistry.InMemoryRegistry;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.decide.RegistryRules.Chunks;
import dev.spillway.registry.decide.RegistryRules.Contact;
import dev.spillway.registry.decide.RegistryRules.Retry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One order must explain commands that ran at the same time at two coordinators of one database. In that order, the reference model gives each caller
 * the answer that it got. No call comes before one that had ended when it began. Both end in the same state. The test searches for the order. (Wing
 * and Gong, Testing and Verifying Concurrent Objects, 1993.)
 */
class ConcurrentHistoryTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Pattern USES = Pattern.compile("Use\\[number=\\d+");
    private static final int ALONE = 40;
    private static final int ROUNDS = 25;
    private static final int AT_ONCE = 6;
    private static final long SEEDS = Long.getLong("spillway.comparison.seeds", 1);
    private static final long MORE_SEEDS = 6;
    /** Evicts an entry in the batch that gave it a holder beyond one chunk. */
    private static final long MORE_HOLDERS_THAN_A_CHUNK = 11;

    /** One call, by the nanosecond clock of this process. */
    private record Call(Act act, long began, long ended, Object answer) {}

    static Stream<Long> seeds() {
        Long only = Long.getLong("spillway.comparison.seed");
        return only != null ? Stream.of(only)
                : Stream.concat(Stream.iterate(1L, seed -> seed + 1).limit(SEEDS), Stream.of(MORE_HOLDERS_THAN_A_CHUNK)).distinct();
    }

    static Stream<Long> moreSeeds() {
        return LongStream.rangeClosed(SEEDS + 1, MORE_SEEDS).boxed();
    }

    @Tag("full")
    @ParameterizedTest
    @MethodSource("moreSeeds")
    void oneOrderExplainsMoreHistories(long seed) throws Exception {
        oneOrderExplainsWhatEveryCallerWasTold(seed);
    }

    @Tag("full")
    @ParameterizedTest
    @MethodSource("seeds")
    void oneOrderExplainsWhatEveryCallerWasTold(long seed) throws Exception {
        Random random = new Random(seed);
        RegistryRules rules =
                new RegistryRules(
                        new Contact(Duration.ofMinutes(30), Duration.ofDays(1), Duration.ofMinutes(10)),
                        new Retry(Duration.ZERO, Duration.ZERO),
                        RegistryRules.DEFAULTS.breaker(),
                        Duration.ofDays(1),
                        new Chunks(
                                1 + random.nextInt(3),
                                1 + random.nextInt(20),
                                1 + random.nextInt(5),
                                RegistryRules.DEFAULTS.chunks().plan()),
                        RegistryRules.DEFAULTS.plansKept());
        TwoCoordinators registry = new TwoCoordinators(DATABASE.empty(rules), DATABASE, rules);
        Side stored = new Side(registry, InstantSource.system(), DATABASE::pass);
        RandomActs acts = new RandomActs(random, true);
        List<Act> past = new ArrayList<>();
        while (past.size() < ALONE) {
            Act act = acts.next();
            // Time is no part of an order.
            if (!(act instanceof Act.Pass)) {
                assertThat(stored.carryOut(act)).isNotNull();
                past.add(act);
            }
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 1; round <= ROUNDS; round++) {
                List<Act> together = Stream.generate(acts::next)
                        .filter(act -> act.sharesItsTransaction() && stored.knows(act) && !dependsOnTime(act))
                        .limit(AT_ONCE)
                        .toList();
                List<Call> calls = atOnce(together, registry, stored, threads);
                Set<String> against = new LinkedHashSet<>();
                Optional<List<Call>> order = explanation(past, new ArrayList<>(), calls, stored, () -> model(rules, seed), against);
                assertThat(order)
                        .as("an order that explains seed %d, round %d, of %s; against one or another: %s", seed, round, calls, against)
                        .isPresent();
                order.get().forEach(call -> {
                    past.add(call.act());
                    assertThat(stored.plain().of(call.answer())).isNotNull();
                });
            }
        }
    }

    /**
     * The later of two transactions may have begun earlier, and so have the earlier time. So the order of transactions does not determine which
     * orders are due.
     */
    private static boolean dependsOnTime(Act act) {
        return act instanceof Act.Send send && send.message().from(Act.NOBODY) instanceof HeartbeatRequest;
    }

    private static List<Call> atOnce(List<Act> acts, TwoCoordinators registry, Side stored, ExecutorService threads) throws Exception {
        CyclicBarrier start = new CyclicBarrier(acts.size());
        List<Future<Call>> running = new ArrayList<>();
        for (int number = 0; number < acts.size(); number++) {
            Act act = acts.get(number);
            Callable<Call> call = () -> {
                start.await();
                long began = System.nanoTime();
                Object answer = stored.answer(act);
                return new Call(act, began, System.nanoTime(), answer);
            };
            running.add(threads.submit(number % 2 == 0 ? call : registry.atSecond(call)));
        }
        List<Call> calls = new ArrayList<>();
        for (Future<Call> one : running) {
            calls.add(one.get());
        }
        // Most often what ended first came first.
        calls.sort(Comparator.comparingLong(Call::ended));
        return calls;
    }

    /** An order of {@code left} that, after {@code done}, explains all answers and the state that is stored now. */
    private static Optional<List<Call>> explanation(
            List<Act> past,
            List<Call> done,
            List<Call> left,
            Side stored,
            Callable<Side> model,
            Set<String> against) throws Exception {
        Side reference = model.call();
        past.forEach(reference::carryOut);
        Plain told = new Plain(stored.plain());
        for (Call call : done) {
            String answer = withoutUses(reference.carryOut(call.act()));
            String given = withoutUses(told.of(call.answer()));
            if (!answer.equals(given)) {
                against.add("%s would be told %s, not %s".formatted(call.act(), answer, given));
                return Optional.empty();
            }
        }
        if (left.isEmpty()) {
            // Two transactions that share no namespace number their evictions in any order.
            List<String> state = sorted(stored.state(told));
            List<String> expected = sorted(reference.state());
            if (!state.equals(expected)) {
                against.add("state: " + without(state, expected) + " where there would be " + without(expected, state));
                return Optional.empty();
            }
            return Optional.of(List.copyOf(done));
        }
        long firstEnd = left.stream().mapToLong(Call::ended).min().orElseThrow();
        for (Call next : left) {
            if (next.began() <= firstEnd) {
                done.add(next);
                List<Call> rest = new ArrayList<>(left);
                rest.remove(next);
                Optional<List<Call>> found = explanation(past, done, rest, stored, model, against);
                if (found.isPresent()) {
                    return found;
                }
                done.removeLast();
            }
        }
        return Optional.empty();
    }

    /**
     * Hides the numbers of uses. A touch and the deletion of its entry may come in either order, and only one order counts a use. The order of uses
     * matters, and shows in the lists.
     */
    private static String withoutUses(String answer) {
        return USES.matcher(answer).replaceAll("Use[number=USE");
    }

    private static List<String> without(List<String> state, List<String> other) {
        List<String> left = new ArrayList<>(state);
        other.forEach(left::remove);
        return left;
    }

    private static List<String> sorted(List<String> state) {
        return state.stream().sorted().toList();
    }

    private static Side model(RegistryRules rules, long seed) {
        AtomicReference<Instant> now = new AtomicReference<>(InstantSource.system().instant().truncatedTo(ChronoUnit.MICROS));
        InstantSource clock = () -> now.updateAndGet(before -> before.plus(1, ChronoUnit.MICROS));
        return new Side(new InMemoryRegistry(new RegistryId(new UUID(-seed, 7)), 4, rules, clock, new Random(seed)), clock, time -> {});
    }
}
