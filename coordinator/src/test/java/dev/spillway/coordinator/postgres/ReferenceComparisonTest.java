package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.Decisions;
import dev.spillway.coordinator.core.Fleet;
import dev.spillway.coordinator.core.InMemoryRegistry;
import dev.spillway.coordinator.core.Outcomes;
import dev.spillway.coordinator.core.PlanPurpose;
import dev.spillway.coordinator.core.PolicyChange;
import dev.spillway.coordinator.core.Registry;
import dev.spillway.coordinator.core.RegistryQueries.EvictionFilter;
import dev.spillway.coordinator.core.RegistryRules;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EventType;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PinReason;
import dev.spillway.events.PlanId;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.TouchRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Both registries are given the same random commands and must answer the same, but for the ids and times that each makes up. */
class ReferenceComparisonTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final int STEPS = 250;
    private static final int BATCHES = 60;
    /** No generation that was drawn. */
    private static final long MADE_UP = 1_000_000;
    private static final long SEEDS = Long.getLong("spillway.comparison.seeds", 6);
    private static final Sender NOBODY =
            new Sender(new HostId("nobody"), new StoreId(new UUID(0, 9)), new RegistryId(new UUID(0, 9)), 1, 1);
    private static final List<HostId> HOSTS = Stream.of("host-1", "host-2", "host-3").map(HostId::new).toList();

    static Stream<Long> seeds() {
        Long only = Long.getLong("spillway.comparison.seed");
        return only == null ? Stream.iterate(1L, seed -> seed + 1).limit(SEEDS) : Stream.of(only);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void theSameCommandsGetTheSameAnswers(long seed) {
        Random random = new Random(seed);
        RegistryRules rules = new RegistryRules(Duration.ofSeconds(5), random.nextBoolean() ? Duration.ZERO : Duration.ofDays(1),
                Duration.ofMinutes(10),
                Duration.ZERO, Duration.ZERO, random.nextInt(4) == 0 ? Duration.ofDays(1) : Duration.ZERO, 0.5, 3, 1 + random.nextInt(3),
                1 + random.nextInt(20), 1 + random.nextInt(5)).withPlans(1 + random.nextInt(5), Duration.ofHours(24));
        Side stored = new Side(DATABASE.empty(rules), InstantSource.system(), DATABASE::pass);
        AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
        InstantSource clock = ticking(ahead);
        Side reference = new Side(new InMemoryRegistry(new RegistryId(new UUID(-seed, 7)), 4, rules, clock, new Random(seed)), clock,
                time -> ahead.updateAndGet(time::plus));
        Commands commands = new Commands(random);
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
                new RegistryRules(Duration.ofSeconds(5), Duration.ofDays(1), Duration.ofMinutes(10), Duration.ZERO, Duration.ZERO,
                        Duration.ofDays(1), 0.5, 3, 1 + random.nextInt(3), 1 + random.nextInt(20), 1 + random.nextInt(5))
                        .withPlans(1 + random.nextInt(5), Duration.ofHours(24));
        PostgresRegistry registry = DATABASE.empty(rules);
        AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
        InstantSource clock = ticking(ahead);
        AtomicReference<Instant> now = new AtomicReference<>(clock.instant());
        Side stored = new Side(registry, InstantSource.system(), DATABASE::pass);
        Side reference = new Side(new InMemoryRegistry(new RegistryId(new UUID(-seed, 7)), 4, rules, now::get, new Random(seed)), now::get,
                time -> ahead.updateAndGet(time::plus));
        Commands commands = new Commands(random);
        try (Gathering gathering = new Gathering(DATABASE, registry)) {
            new Fleet(reference.registry).namespace("gate", null);
            for (int step = 0; step < BATCHES; step++) {
                List<Act> batch = Stream.generate(commands::next).limit(1 + random.nextInt(12)).toList();
                List<Act> shared = batch.stream().filter(act -> act.sharesItsTransaction() && stored.knows(act)).toList();
                for (Act alone : batch.stream().filter(act -> !shared.contains(act)).toList()) {
                    now.set(clock.instant());
                    assertThat(stored.carryOut(alone)).as("seed %d, step %d: %s", seed, step, alone).isEqualTo(reference.carryOut(alone));
                }
                now.set(clock.instant());
                reference.registry.execute(Gathering.FIRST);
                List<String> expected = shared.stream().map(reference::carryOut).toList();
                List<String> answers = gathering.together(shared.stream().<Callable<Object>>map(act -> () -> stored.answer(act)).toList())
                        .stream()
                        .map(answer -> stored.plain(answer.resultNow()))
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

    /** What to do, in terms that mean the same to both: a command cannot, it names the registry and the evictions by ids made up there. */
    private sealed interface Act {
        record Plain(Command<?> command) implements Act {}

        record Join(HostId host, StoreId store, long highestGeneration) implements Act {}

        /** A message of the incarnation that joined last, or of the one before it. */
        record Send(HostId host, boolean outdated, Message message) implements Act {}

        /** Publishes every so-manieth of the facts that are handed out. */
        record PublishFacts(int every) implements Act {}

        /** Lets time pass for what is stored. */
        record Pass(Duration time) implements Act {}

        /** Pins until so much later. */
        record Pin(EntryName name, @Nullable Duration length) implements Act {}

        /** Goes on with one of the plans that were made lately, the latest being 0. */
        record OnPlan(int ago, Function<PlanId, Command<?>> step) implements Act {}

        default boolean sharesItsTransaction() {
            return switch (this) {
                case Plain plain -> !Decisions.goesAlone(plain.command());
                case Send send -> !(send.message().from(NOBODY) instanceof ReconcileRequest)
                        && !(send.message().from(NOBODY) instanceof DiscrepancyRequest);
                case Join _,PublishFacts _,Pass _,Pin _,OnPlan _ -> false;
            };
        }
    }

    @FunctionalInterface
    private interface Message {
        FencedMessage<?> from(Sender sender);
    }

    /** One of the two, with what its hosts know. */
    private static final class Side {
        private static final Pattern UUIDS = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
        private static final Pattern TIMES = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?Z");

        private static final Pattern GENERATIONS = Pattern.compile("(?:generation=|knows up to )(\\d+)");

        private final Registry registry;
        private final InstantSource clock;
        private final Consumer<Duration> pass;
        private final List<PlanId> plans = new ArrayList<>();
        private final List<Long> generations = new ArrayList<>();
        private final Map<HostId, Sender> senders = new HashMap<>();

        /** @param pass lets time pass for what the registry stores */
        Side(Registry registry, InstantSource clock, Consumer<Duration> pass) {
            this.registry = registry;
            this.clock = clock;
            this.pass = pass;
        }

        /** Whether it comes to a command at all. */
        boolean knows(Act act) {
            return !(act instanceof Act.Send send) || senders.containsKey(send.host());
        }

        String carryOut(Act act) {
            return plain(answer(act));
        }

        Object answer(Act act) {
            return switch (act) {
                case Act.Plain plain -> planned(registry.execute(plain.command()));
                case Act.Pass(var time) -> {
                    pass.accept(time);
                    yield "passed";
                }
                case Act.Pin(var name, var length) -> registry.execute(
                        new Command.SetPin(name, new PinReason("random"), length == null ? null : clock.instant().plus(length)));
                case Act.OnPlan(var ago, var step) -> plans.size() <= ago ? "no such plan"
                        : registry.execute(step.apply(plans.get(plans.size() - 1 - ago)));
                case Act.Join join -> join(join);
                case Act.Send send -> send(send);
                case Act.PublishFacts publish -> publish(publish.every());
            };
        }

        private Object planned(Object answer) {
            switch (answer) {
                case Outcomes.Planning.Made made -> plans.add(made.planId());
                case Outcomes.PolicySetting.Planned setting -> plans.add(setting.plan().planId());
                default -> {}
            }
            return answer;
        }

        private Object join(Act.Join join) {
            JoinRequest request = new JoinRequest(join.host(), join.store(), "127.0.0.1:1", List.of(EventType.VERSION), null, 0,
                    join.highestGeneration(), null, null);
            Reply<JoinAnswer> reply = registry.execute(new Command.FromWorker<>(request));
            if (reply instanceof Reply.Accepted<JoinAnswer>(JoinAnswer.Joined joined)) {
                senders.put(join.host(), new Sender(join.host(), join.store(), joined.registryId(), joined.epoch(), joined.incarnation()));
            }
            return reply;
        }

        private Object send(Act.Send send) {
            Sender sender = senders.get(send.host());
            if (sender == null) {
                return "not joined";
            }
            Sender speaking = !send.outdated() ? sender
                    : new Sender(sender.hostId(), sender.storeId(), sender.registryId(), sender.epoch(), sender.incarnation() - 1);
            FencedMessage<?> message = send.message().from(speaking);
            FencedMessage<?> here = message instanceof AttachRequest attach
                    ? new AttachRequest(speaking, attach.items().stream().map(this::here).toList())
                    : message;
            return registry.execute(new Command.FromWorker<>(here));
        }

        private Object publish(int every) {
            List<EvictionFact> facts = new ArrayList<>(registry.execute(new Command.ClaimFacts(1_000)));
            facts.sort(Comparator.comparingLong(EvictionFact::generation));
            List<EvictionId> published =
                    IntStream.range(0, facts.size()).filter(i -> i % every == 0).mapToObj(i -> facts.get(i).id()).toList();
            registry.execute(new Command.FactsPublished(published));
            return facts;
        }

        List<String> state() {
            List<String> state = new ArrayList<>();
            registry.queries().namespaces().forEach(namespace -> {
                state.add(plain(namespace));
                var entries = registry.queries().entries(namespace.name(), null, Map.of(), null, 1_000).items();
                entries.forEach(entry -> state.add(plain(registry.queries().entry(entry.name()))));
                state.add(plain(entries.stream().map(entry -> entry.name()).toList()));
                state.add(plain(registry.queries().snapshots(namespace.name(), null, 1_000)));
            });
            registry.queries().hosts().forEach(host -> state.add(plain(host)));
            for (String open : List.of("open", "closed")) {
                registry.queries()
                        .evictions(new EvictionFilter(open, null, null), null, 1_000)
                        .items()
                        .forEach(eviction -> state.add(plain(eviction)));
            }
            state.add(plain(registry.queries().openOrders()));
            plans.forEach(plan -> {
                state.add(plain(registry.queries().plan(plan)));
                state.add(plain(registry.queries().planVictims(plan, false, null, 1_000)));
                state.add(plain(registry.queries().planVictims(plan, true, null, 3)));
                state.add(plain(registry.queries().evictions(new EvictionFilter(null, null, null, null, plan), null, 1_000)));
            });
            return state;
        }

        /** A command names a generation by its place among those that were told of. */
        private Attachment here(Attachment item) {
            int place = Math.toIntExact(item.generation()) - 1;
            return new Attachment(item.replicaId(), item.namespace(), item.key(),
                    place < generations.size() ? generations.get(place) : MADE_UP + place, item.sizeBytes());
        }

        /**
         * Without times, without ids but those that the commands brought, which all begin with zeros, and with the place of each generation for
         * its number: a batch draws numbers that it may not need.
         */
        String plain(Object answer) {
            Matcher times = TIMES.matcher(String.valueOf(answer));
            Matcher ids = UUIDS.matcher(times.replaceAll("TIME"));
            Matcher numbers = GENERATIONS.matcher(ids.replaceAll(id -> id.group().startsWith("00000000") ? id.group() : "ID"));
            return numbers.replaceAll(
                    number -> number.group().startsWith("generation") ? "generation=" + place(Long.parseLong(number.group(1))) : "NUMBER");
        }

        private long place(long generation) {
            if (generation >= MADE_UP) {
                return generation;
            }
            if (!generations.contains(generation)) {
                generations.add(generation);
            }
            return generations.indexOf(generation);
        }
    }

    /** Random acts on few keys, few hosts and few images, so that they meet. */
    private static final class Commands {
        private final Random random;
        private final List<ReplicaId> minted = new ArrayList<>();

        Commands(Random random) {
            this.random = random;
        }

        Act next() {
            return switch (random.nextInt(29)) {
                case 0 -> new Act.Plain(new Command.SetPolicy(namespace(), random.nextBoolean() ? null : 1L + random.nextInt(12),
                        random.nextBoolean() ? null : (long) random.nextInt(80), random.nextInt(3) == 0 ? 1.0 : null));
                case 1, 2 -> new Act.Plain(new Command.Put(name(), snapshot(), random.nextInt(12), description()));
                case 3 -> new Act.Plain(new Command.Get(name()));
                case 4 -> new Act.Plain(new Command.Invalidate(name(), random.nextBoolean() ? null : snapshot()));
                case 5 -> random.nextInt(4) == 0 ? new Act.Plain(new Command.Clean(namespace(), 1 + random.nextInt(5))) : next();
                case 6, 7, 8, 9 -> {
                    List<Registration> items = some(1 + random.nextInt(4), () -> new Registration(replica(), namespace(), key(), snapshot(),
                            random.nextInt(12), description()));
                    yield send(sender -> new RegisterRequest(sender, items));
                }
                case 10 -> {
                    List<Attachment> items = some(1 + random.nextInt(3),
                            () -> new Attachment(replica(), namespace(), key(), 1 + random.nextInt(1 + minted.size()), random.nextInt(9)));
                    yield send(sender -> new AttachRequest(sender, items));
                }
                case 11 -> {
                    List<ReplicaId> ids = some(2, this::replica);
                    yield send(sender -> new ResolveRequest(sender, ids));
                }
                case 12 -> {
                    List<DropRequest.Drop> items = some(1 + random.nextInt(4), () -> new DropRequest.Drop(replica(),
                            any(List.of(DropRequest.Reason.values()))));
                    yield send(sender -> new DropRequest(sender, items));
                }
                case 13 -> {
                    List<TouchRequest.Used> used = some(3, () -> new TouchRequest.Used(name(), 1 + random.nextInt(3)));
                    List<TouchRequest.Missed> missed = some(1, () -> new TouchRequest.Missed(namespace(), 1));
                    yield send(sender -> new TouchRequest(sender, used, missed));
                }
                case 14, 15 -> {
                    long version = random.nextInt(5);
                    List<ReplicaId> ids = some(random.nextInt(5), this::replica);
                    List<Report.Result> results = some(ids.size(), this::result);
                    yield send(sender -> new HeartbeatRequest(sender, HostFigures.NONE, IntStream.range(0, ids.size())
                            .mapToObj(i -> new Report(ids.get(i), sender.hostId(), sender.storeId(), results.get(i), null, "why", 0))
                            .toList(), version));
                }
                case 16 -> {
                    ReplicaId after = minted.isEmpty() || random.nextBoolean() ? null : replica();
                    yield send(sender -> new ReconcileRequest(sender, after));
                }
                case 17 -> {
                    List<ReplicaId> ghosts = some(random.nextInt(3), this::replica);
                    List<DiscrepancyRequest.Orphan> orphans = some(random.nextInt(3),
                            () -> new DiscrepancyRequest.Orphan(replica(), namespace(), key(), MADE_UP + random.nextInt(50), 1));
                    long inventory = random.nextInt(10);
                    yield send(sender -> new DiscrepancyRequest(sender, ghosts, orphans, inventory));
                }
                case 18 -> new Act.Plain(random.nextInt(3) == 0 ? new Command.ReturnOrders(some(2, this::replica))
                        : new Command.ClaimOrders(1 + random.nextInt(10)));
                case 19 -> new Act.PublishFacts(1 + random.nextInt(3));
                case 20 -> new Act.Plain(new Command.Sweep(1 + random.nextInt(4)));
                case 21 -> new Act.Plain(new Command.SetPolicy(namespace(), change()));
                case 22, 23 -> random.nextInt(3) == 0 ? new Act.Plain(new Command.LiftPin(name()))
                        : new Act.Pin(name(), random.nextInt(4) == 0 ? null : Duration.ofMinutes(random.nextInt(5) * 10 - 5));
                case 24 -> new Act.Plain(new Command.MakePlan(namespace(), prune()));
                case 25 -> new Act.OnPlan(random.nextInt(3), Command.ExtendPlan::new);
                case 26 -> {
                    int limit = 1 + random.nextInt(4);
                    yield new Act.OnPlan(random.nextInt(3), plan -> new Command.ApplyPlan(plan, limit));
                }
                case 27 -> random.nextInt(3) == 0 ? new Act.Pass(Duration.ofMinutes(20))
                        : new Act.Plain(new Command.Expire(1 + random.nextInt(5)));
                default -> switch (random.nextInt(5)) {
                    case 0 -> new Act.Plain(new Command.Retire(host()));
                    case 1 -> new Act.Plain(new Command.Readmit(host()));
                    default -> new Act.Join(host(), new StoreId(new UUID(0, 1 + random.nextInt(20) / 19)),
                            random.nextInt(10) == 0 ? 1_000 : 0);
                };
            };
        }

        /** Times that no number of passings comes near, because the two clocks differ a little. */
        private PolicyChange change() {
            return switch (random.nextInt(3)) {
                case 0 -> PolicyChange.ofTtl(random.nextInt(3) == 0 ? null : Duration.ofMinutes(50));
                case 1 -> PolicyChange.ofMaxIdle(random.nextInt(3) == 0 ? null : Duration.ofMinutes(30));
                default -> PolicyChange.ofLowWatermark(any(List.of(0.1, 0.5, 0.75, 1.0)));
            };
        }

        private PlanPurpose.Prune prune() {
            return new PlanPurpose.Prune(random.nextBoolean() ? null : (long) random.nextInt(6),
                    random.nextBoolean() ? null : (long) random.nextInt(30),
                    Duration.ofMinutes(random.nextBoolean() ? 30 : 10_000),
                    random.nextInt(3) == 0 ? new EntryKey("key-" + random.nextInt(2)) : null);
        }

        private Act send(Message message) {
            return random.nextInt(25) == 0 && !minted.isEmpty() ? new Act.Join(host(), new StoreId(new UUID(0, 1)), 0)
                    : new Act.Send(host(), random.nextInt(20) == 0, message);
        }

        private <T> List<T> some(int count, Supplier<T> one) {
            return Stream.generate(one).limit(count).toList();
        }

        private <T> T any(List<T> of) {
            return of.get(random.nextInt(of.size()));
        }

        private HostId host() {
            return any(HOSTS);
        }

        private NamespaceName namespace() {
            return Fleet.ns("ns-" + random.nextInt(2));
        }

        private EntryKey key() {
            return new EntryKey("key-" + random.nextInt(9));
        }

        private EntryName name() {
            return new EntryName(namespace(), key());
        }

        private SnapshotId snapshot() {
            return new SnapshotId("image-" + random.nextInt(4));
        }

        private Description description() {
            return random.nextInt(3) == 0 ? Fleet.labelled("n", String.valueOf(random.nextInt(3))) : Description.NONE;
        }

        private Report.Result result() {
            return any(List.of(Report.Result.values()));
        }

        /** A new id or one that was spoken of before, mostly lately. */
        private ReplicaId replica() {
            if (minted.isEmpty() || random.nextInt(3) == 0) {
                minted.add(new ReplicaId(new UUID(0, random.nextLong())));
                return minted.getLast();
            }
            return minted.get(Math.max(0, minted.size() - 1 - random.nextInt(25)));
        }
    }
}
