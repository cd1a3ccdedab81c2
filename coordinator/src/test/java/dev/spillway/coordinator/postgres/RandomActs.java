package dev.spillway.coordinator.postgres;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HeldReplica;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.plan.PlanPurpose;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Random acts on few keys, few hosts and few images, so that they meet. */
final class RandomActs {
    /** Earlier than every other access, by any clock. */
    private static final long LONG_AGO = Duration.ofDays(365).toMillis();
    private static final List<HostId> HOSTS = Stream.of("host-1", "host-2", "host-3").map(HostId::new).toList();

    private final Random random;
    private final boolean drains;
    private final List<ReplicaId> minted = new ArrayList<>();

    RandomActs(Random random) {
        this(random, false);
    }

    /** @param drains whether hosts are drained among other things */
    RandomActs(Random random, boolean drains) {
        this.random = random;
        this.drains = drains;
    }

    /** Makes one of the namespaces one of artifacts, before it has entries. */
    static Act first() {
        return new Act.Plain(new Command.SetPolicy(Fleet.ns("ns-1"), PolicyChange.toArtifacts(null, false)));
    }

    Act next() {
        return switch (random.nextInt(29)) {
            case 0 -> new Act.Plain(
                    new Command.SetPolicy(
                            namespace(),
                            random.nextBoolean() ? null : 1L + random.nextInt(12),
                            random.nextBoolean() ? null : (long) random.nextInt(80),
                            random.nextInt(3) == 0 ? 1.0 : null));
            case 1, 2 -> new Act.Plain(new Command.Put(name(), snapshot(), random.nextInt(12), description()));
            case 3 -> new Act.Plain(new Command.Get(name()));
            case 4 -> new Act.Plain(new Command.Invalidate(name(), random.nextBoolean() ? null : snapshot()));
            case 5 -> random.nextInt(4) == 0 ? new Act.Plain(new Command.Clean(namespace(), 1 + random.nextInt(5))) : next();
            case 6, 7, 8, 9 -> {
                List<Registration> items = some(
                        1 + random.nextInt(4),
                        () -> new Registration(
                                replica(),
                                namespace(),
                                key(),
                                snapshot(),
                                random.nextInt(12),
                                description(),
                                content(),
                                group()));
                yield send(sender -> new RegisterRequest(sender, items));
            }
            case 10 -> {
                List<Attachment> items = some(
                        1 + random.nextInt(3),
                        () -> new Attachment(
                                replica(),
                                namespace(),
                                key(),
                                1 + random.nextInt(1 + minted.size()),
                                random.nextInt(9),
                                random.nextInt(3) > 0 ? null : snapshot()));
                yield send(sender -> new AttachRequest(sender, items));
            }
            case 11 -> {
                List<ReplicaId> ids = some(2, this::replica);
                yield send(sender -> new ResolveRequest(sender, ids));
            }
            case 12 -> {
                List<DropRequest.Drop> items = some(
                        1 + random.nextInt(4),
                        () -> new DropRequest.Drop(replica(), any(List.of(DropRequest.Reason.values()))));
                yield send(sender -> new DropRequest(sender, items));
            }
            case 13 -> {
                List<TouchRequest.Used> used =
                        some(3, () -> new TouchRequest.Used(name(), 1 + random.nextInt(3), random.nextInt(4) == 0 ? LONG_AGO : 0));
                List<TouchRequest.Missed> missed = some(1, () -> new TouchRequest.Missed(namespace(), 1));
                yield send(sender -> new TouchRequest(sender, used, missed));
            }
            case 14, 15 -> {
                long version = random.nextInt(5);
                List<ReplicaId> ids = some(random.nextInt(5), this::replica);
                List<Report.Result> results = some(ids.size(), this::result);
                List<HeldReplica> held = random.nextBoolean() ? null : some(random.nextInt(4), this::held);
                yield send(
                        sender -> new HeartbeatRequest(
                                sender,
                                HostFigures.NONE,
                                IntStream.range(0, ids.size())
                                        .mapToObj(
                                                i -> new Report(
                                                        ids.get(i),
                                                        sender.hostId(),
                                                        sender.storeId(),
                                                        results.get(i),
                                                        null,
                                                        "why",
                                                        0))
                                        .toList(),
                                version,
                                0,
                                held));
            }
            case 16 -> {
                ReplicaId after = minted.isEmpty() || random.nextBoolean() ? null : replica();
                yield send(sender -> new ReconcileRequest(sender, after));
            }
            case 17 -> {
                List<ReplicaId> ghosts = some(random.nextInt(3), this::replica);
                List<DiscrepancyRequest.Orphan> orphans = some(
                        random.nextInt(3),
                        () -> new DiscrepancyRequest.Orphan(replica(), namespace(), key(), Plain.MADE_UP + random.nextInt(50), 1));
                long inventory = random.nextInt(10);
                yield send(sender -> new DiscrepancyRequest(sender, ghosts, orphans, inventory));
            }
            case 18 -> new Act.Plain(
                    random.nextInt(3) == 0 ? new Command.ReturnOrders(some(2, this::replica))
                            : new Command.ClaimOrders(1 + random.nextInt(10)));
            case 19 -> new Act.PublishFacts(1 + random.nextInt(3));
            case 20 -> new Act.Plain(
                    drains && random.nextBoolean() ? new Command.Relieve(1 + random.nextInt(4))
                            : new Command.Sweep(1 + random.nextInt(4)));
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
            default -> switch (random.nextInt(drains ? 8 : 5)) {
                case 0 -> new Act.Plain(new Command.Retire(host()));
                case 1 -> new Act.Plain(new Command.Readmit(host()));
                case 5 -> new Act.Plain(new Command.Drain(host()));
                case 6 -> new Act.Plain(new Command.CancelDrain(host()));
                default -> new Act.Join(host(), new StoreId(new UUID(0, 1 + random.nextInt(20) / 19)), random.nextInt(10) == 0 ? 1_000 : 0);
            };
        };
    }

    /** Times that no number of passings comes near, because the two clocks differ a little. */
    private PolicyChange change() {
        return switch (random.nextInt(4)) {
            case 3 -> PolicyChange.toArtifacts(random.nextBoolean() ? null : Duration.ofMinutes(30), random.nextInt(3) == 0);
            case 0 -> PolicyChange.ofTtl(random.nextInt(3) == 0 ? null : Duration.ofMinutes(50));
            case 1 -> PolicyChange.ofMaxIdle(random.nextInt(3) == 0 ? null : Duration.ofMinutes(30));
            default -> PolicyChange.ofLowWatermark(any(List.of(0.1, 0.5, 0.75, 1.0)));
        };
    }

    private PlanPurpose.Prune prune() {
        return new PlanPurpose.Prune(
                random.nextBoolean() ? null : (long) random.nextInt(6),
                random.nextBoolean() ? null : (long) random.nextInt(30),
                Duration.ofMinutes(random.nextBoolean() ? 30 : 10_000),
                random.nextInt(3) == 0 ? new EntryKey("key-" + random.nextInt(2)) : null);
    }

    private Act send(Act.Message message) {
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

    private @Nullable ContentDigest content() {
        return random.nextInt(3) > 0 ? null : new ContentDigest(String.valueOf(random.nextInt(2)).repeat(64));
    }

    private @Nullable GroupName group() {
        return random.nextInt(3) == 0 ? null : new GroupName("group-" + random.nextInt(3));
    }

    private Description description() {
        return random.nextInt(3) == 0 ? Fleet.labelled("n", String.valueOf(random.nextInt(3))) : Description.NONE;
    }

    /** One that has ended, or ends after every run. */
    private HeldReplica held() {
        return new HeldReplica(replica(), random.nextInt(4) == 0 ? 0 : LONG_AGO, 1 + random.nextInt(3));
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
