package dev.spillway.bench.inventory;

import com.sun.management.OperatingSystemMXBean;
import dev.spillway.bench.Benchmark;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Heap;
import dev.spillway.bench.measure.Machine;
import dev.spillway.bench.measure.Run;
import dev.spillway.events.HostId;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.events.codec.Json;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.Intervals;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.service.tracing.Tracing;
import dev.spillway.worker.artifacts.ArtifactImages;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.model.Delivery;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.HostIdentity;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.Step;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import dev.spillway.worker.host.HostLoop;
import dev.spillway.worker.host.HostPorts;
import dev.spillway.worker.host.Recovery;
import dev.spillway.worker.host.Removals;
import dev.spillway.worker.rocksdb.RocksIndex;
import dev.spillway.worker.trail.HostTrail;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Measures a worker with 1,000,000 registered artifacts: its start, its heap, a heartbeat and a reconciliation with the registry. */
public final class InventoryBenchmark implements Benchmark {
    private static final double START_MILLIS_MAX = 5_000;
    private static final int ROWS_OF_A_PAGE = 1_000;
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private record Started(
            double storeMillis,
            double indexMillis,
            double hostMillis,
            double allMillis,
            double processorMillis,
            long heapOfAll,
            long heapOfHost) {}

    /**
     * Points of time in nanoseconds.
     *
     * @param processor processor time of this process when the host sent its message
     */
    private record Hosted(long loaded, long asked, long processor, long heap) {}

    private record Talk(double heartbeatMillis, int heartbeatBytes, double comparisonMillis) {}

    @Override
    public String name() {
        return "inventory";
    }

    @Override
    public String description() {
        return "a host with a million artifacts: start, heap, heartbeat and comparison with the registry";
    }

    @Override
    public BenchReport run(Effort effort, StepListener progress) throws InterruptedException {
        Run run = Run.begin(name(), effort.quick());
        int artifacts = effort.quick() ? 10_000 : 1_000_000;
        progress.step("filling a worker's folder with %,d artifacts".formatted(artifacts));
        try (FullHost host = FullHost.make(artifacts)) {
            Machine machine = Machine.read(host.folder());
            List<Started> starts = new ArrayList<>();
            List<Talk> talks = new ArrayList<>();
            for (int round = 1; round <= effort.rounds(); round++) {
                progress.step("round %d of %d".formatted(round, effort.rounds()));
                starts.add(start(host));
                talks.add(talk(host));
            }
            double allMillis = median(starts.stream().mapToDouble(Started::allMillis).toArray());
            List<Figure> figures = new ArrayList<>();
            figures.add(new Figure("start until the host asks to join", allMillis, "ms"));
            figures.add(
                    new Figure(
                            "of that, opening the artifacts",
                            median(starts.stream().mapToDouble(Started::storeMillis).toArray()),
                            "ms"));
            figures.add(
                    new Figure("of that, loading the index", median(starts.stream().mapToDouble(Started::indexMillis).toArray()), "ms"));
            figures.add(new Figure("of that, the host itself", median(starts.stream().mapToDouble(Started::hostMillis).toArray()), "ms"));
            figures.add(
                    new Figure("processor time of a start", median(starts.stream().mapToDouble(Started::processorMillis).toArray()), "ms"));
            figures.add(
                    new Figure(
                            "heap of each artifact",
                            (starts.getLast().heapOfAll() - Heap.afterCollections()) / (double) artifacts,
                            "bytes"));
            figures.add(new Figure("of that, of the host's index", starts.getLast().heapOfHost() / (double) artifacts, "bytes"));
            figures.add(new Figure("index on the disk, of each artifact", host.indexBytes() / (double) artifacts, "bytes"));
            figures.add(new Figure("making a heartbeat", median(talks.stream().mapToDouble(Talk::heartbeatMillis).toArray()), "ms"));
            figures.add(new Figure("size of a heartbeat", talks.getLast().heartbeatBytes(), "bytes"));
            figures.add(
                    new Figure("comparison with the registry", median(talks.stream().mapToDouble(Talk::comparisonMillis).toArray()), "ms"));
            List<Bar> bars =
                    List.of(Bar.atMost("milliseconds of a start with %,d artifacts".formatted(artifacts), allMillis, START_MILLIS_MAX));
            return run.report(
                    machine,
                    Map.of("rows of a page", Integer.toString(ROWS_OF_A_PAGE)),
                    List.of(),
                    figures,
                    List.of(new Check("host", new TreeMap<>(Map.of("artifacts", (long) artifacts)))),
                    bars);
        } catch (InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new BenchmarkFailedException("inventory: " + e, e);
        }
    }

    /** Starts the parts of a worker that grow with its artifacts, and measures their heap. */
    private static Started start(FullHost host) throws IOException, InterruptedException {
        long processor = processorNanos();
        long begin = System.nanoTime();
        Hosted hosted;
        long opened;
        long heapOfArtifacts;
        try (ImageStore store = host.store(); ArtifactImages images = host.images()) {
            opened = System.nanoTime();
            hosted = hosted(host, store, images);
            heapOfArtifacts = Heap.afterCollections();
        }
        return new Started(
                millis(begin, opened),
                millis(opened, hosted.loaded()),
                millis(hosted.loaded(), hosted.asked()),
                millis(begin, hosted.asked()),
                millis(processor, hosted.processor()),
                hosted.heap(),
                hosted.heap() - heapOfArtifacts);
    }

    private static Hosted hosted(FullHost host, ImageStore store, ArtifactImages images) throws IOException, InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        try (RocksIndex index = host.index(store, false)) {
            IndexContents contents = index.load();
            long loaded = System.nanoTime();
            try (HostLoop loop = loop(index, contents, store, images, asked)) {
                contents = IndexContents.EMPTY;
                loop.start(identity(store));
                if (!asked.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                    throw new BenchmarkFailedException("the host asks for nothing: %s".formatted(loop.failure()));
                }
                long end = System.nanoTime();
                long processor = processorNanos();
                long served = loop.view().counts().values().stream().mapToLong(Long::longValue).sum();
                if (served != host.artifacts()) {
                    throw new BenchmarkFailedException("%d replicas (expected: %d)".formatted(served, host.artifacts()));
                }
                return new Hosted(loaded, end, processor, Heap.afterCollections());
            }
        }
    }

    private static HostLoop loop(RocksIndex index, IndexContents contents, ImageStore store, ArtifactImages images, CountDownLatch asked)
            throws IOException, InterruptedException {
        return new HostLoop(
                new HostLoop.Parts(
                        index,
                        contents,
                        Recovery.of(store, images, contents),
                        HostTimes.DEFAULTS,
                        InstantSource.system(),
                        new Random(1),
                        new HostPorts(message -> {
                            asked.countDown();
                            return new Delivery.NotDelivered<>("no registry runs");
                        }, report -> {}, (partition, from) -> {}),
                        store,
                        images,
                        new Removals.Unlinking(1, UnlinkPace.none()),
                        new HostTrail(Tracing.off()),
                        failure -> {}));
    }

    private static HostIdentity identity(ImageStore store) {
        return new HostIdentity(new HostId("host-1"), StoreId.parse(store.storeId()), "127.0.0.1:1", new UUID(3, 1));
    }

    /** Runs a heartbeat of a joined host, and a reconciliation with a registry that has the same rows. */
    private static Talk talk(FullHost host) throws IOException, InterruptedException {
        try (ImageStore store = host.store(); RocksIndex index = host.index(store, false)) {
            IndexContents contents = index.load();
            List<ReplicaId> rows = contents.replicas().stream().map(ReplicaRecord::id).sorted().toList();
            HostAgent agent = new HostAgent(identity(store), HostTimes.DEFAULTS, contents, new Random(1));
            Instant now = Instant.parse("2026-02-01T00:00:00Z");
            JoinRequest join = sent(agent.start(now, Set.copyOf(rows)), JoinRequest.class);
            agent.delivered(
                    now,
                    join,
                    accepted(
                            new JoinAnswer.Joined(
                                    new RegistryId(new UUID(1, 1)),
                                    1,
                                    1,
                                    0,
                                    false,
                                    new PolicySet(1, List.of()),
                                    new Intervals(Duration.ofSeconds(5), Duration.ofMinutes(10)),
                                    false,
                                    false)));
            long compare = System.nanoTime();
            Step due = agent.tick(now);
            WorkerMessage<?> next = sent(due, ReconcileRequest.class);
            int from = 0;
            while (next instanceof ReconcileRequest request) {
                List<ReplicaId> page = rows.subList(from, Math.min(rows.size(), from + ROWS_OF_A_PAGE));
                from += page.size();
                Step step = agent.delivered(now, request, accepted(new ReconcileAnswer(page, from == rows.size())));
                next = from == rows.size() ? sent(step, DiscrepancyRequest.class) : sent(step, ReconcileRequest.class);
            }
            long compared = System.nanoTime();
            if (!(next instanceof DiscrepancyRequest(var _, var ghosts, var orphans, var inventory, var _, var _))
                    || inventory != host.artifacts()
                    || !ghosts.isEmpty() || !orphans.isEmpty()) {
                throw new BenchmarkFailedException("%s (expected: no discrepancy)".formatted(next));
            }
            agent.delivered(now, sent(due, HeartbeatRequest.class), new Delivery.Lost<>("the first, with which the comparison begins"));
            Instant later = now.plusSeconds(6);
            long begin = System.nanoTime();
            Step beat = agent.tick(later);
            long made = System.nanoTime();
            HeartbeatRequest heartbeat = sent(beat, HeartbeatRequest.class);
            return new Talk(millis(begin, made), Json.tolerant().writeValueAsBytes(heartbeat).length, millis(compare, compared));
        }
    }

    private static Delivery<?> accepted(Object answer) {
        return new Delivery.Replied<>(new Reply.Accepted<>(answer));
    }

    private static <M extends WorkerMessage<?>> M sent(Step step, Class<M> type) {
        return step.effects()
                .stream()
                .filter(Effect.Send.class::isInstance)
                .map(effect -> ((Effect.Send) effect).message())
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst()
                .orElseThrow(() -> new BenchmarkFailedException("%s (expected: a %s)".formatted(step.effects(), type.getSimpleName())));
    }

    private static long processorNanos() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }

    private static double millis(long begin, long end) {
        return (end - begin) / 1e6;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
