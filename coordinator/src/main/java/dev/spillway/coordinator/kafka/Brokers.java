package dev.spillway.coordinator.kafka;

import dev.spillway.events.codec.Topics;
import dev.spillway.service.Backoff;
import dev.spillway.service.ConnectionTrouble;
import dev.spillway.service.DependencyUnavailableException;
import dev.spillway.service.LastUse;
import dev.spillway.service.Reachability;
import dev.spillway.service.ServiceThread;
import dev.spillway.service.UnusableServerException;
import dev.spillway.service.Wakeup;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.KafkaTopics;
import dev.spillway.service.kafka.KafkaTopics.Findings;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks on a thread of its own whether Kafka answers, so that publishers claim nothing that they cannot send. Inspects the topics every few seconds
 * and when Kafka answers again, because a broker may return without them and somebody may have changed them. Thread-safe.
 */
public final class Brokers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Brokers.class);
    private static final Duration ASK_EVERY = Duration.ofSeconds(1);
    private static final int ASKED_BETWEEN_INSPECTIONS = 4;
    /** Time limit of a check. A healthy broker answers within milliseconds, and the Kafka client's own timeouts are much longer. */
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(2);
    /** Time limit of an inspection, which sends many requests and may correct topics. */
    private static final Duration INSPECTED_WITHIN = Duration.ofSeconds(10);
    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(3));
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);

    /** The latest finding. */
    private record Finding(boolean isReachable, CompletableFuture<Void> lost) {}

    private final KafkaSettings settings;
    private final RegistryTopics wanted;
    private final RandomGenerator random;
    private final Map<String, Integer> partitions;
    private final Wakeup changed = new Wakeup();
    private final Wakeup suspected = new Wakeup();
    private final ServiceThread thread;
    private volatile KafkaTopics topics;
    private volatile Finding finding = new Finding(true, new CompletableFuture<>());
    private volatile Findings findings = Findings.NONE;
    private final LastUse asking = new LastUse();
    private volatile boolean closing;

    private Brokers(KafkaSettings settings, RegistryTopics wanted, KafkaTopics topics, RandomGenerator random) {
        this.settings = settings;
        this.wanted = wanted;
        this.topics = topics;
        this.random = random;
        this.partitions = topics.partitions();
        this.thread = new ServiceThread("kafka-watch", this::watch);
    }

    /**
     * Waits until Kafka answers and all topics exist, then starts to watch.
     *
     * @throws DependencyUnavailableException naming the servers
     */
    public static Brokers open(KafkaSettings settings, RegistryTopics wanted, Reachability reachability, RandomGenerator random)
            throws DependencyUnavailableException, InterruptedException {
        Brokers brokers = new Brokers(settings, wanted, KafkaTopics.open(settings, wanted.wanted(), reachability), random);
        brokers.found(brokers.topics.findings());
        brokers.thread.start();
        return brokers;
    }

    /** Returns the number of partitions of {@code spillway.orders}. Hosts are spread over exactly these. */
    public int orderPartitions() {
        return Objects.requireNonNull(partitions.get(Topics.ORDERS), Topics.ORDERS);
    }

    /** Fails, saying why, when Kafka does not answer, or when a topic refuses or loses messages and may not be corrected. */
    public void requireUsable() throws UnusableServerException {
        try {
            asking.requireWorking();
        } catch (UnusableServerException e) {
            throw new UnusableServerException(name() + ": " + e.getMessage(), e);
        }
        List<String> faults = findings.faults();
        if (!faults.isEmpty()) {
            throw new UnusableServerException(name() + ": " + String.join("; ", faults));
        }
    }

    /** Returns the harmless differences between the topics and the settings, which lose no messages; empty if there are none. */
    public String remark() {
        return String.join("; ", findings.remarks());
    }

    boolean isReachable() {
        return finding.isReachable();
    }

    /** Waits until Kafka answers or the time is over. */
    void awaitReachable(Duration atMost) throws InterruptedException {
        long seen = changed.seen();
        if (!isReachable()) {
            changed.await(seen, atMost);
        }
    }

    /** Returns a future that completes when Kafka no longer answers. */
    CompletableFuture<Void> lost() {
        return finding.lost();
    }

    /** Checks Kafka and its topics at once, because a message could not be sent. */
    void suspect() {
        suspected.wake();
    }

    private String name() {
        return "Kafka at " + settings.bootstrapServers();
    }

    private void watch() {
        int failures = 0;
        int asked = 0;
        long sure = suspected.seen();
        try {
            while (!closing) {
                long seen = suspected.seen();
                boolean inspecting = asked >= ASKED_BETWEEN_INSPECTIONS || seen != sure;
                // After a new connection the topics are inspected next, because opening the connection does not add partitions to them.
                asked = !isReachable() ? ASKED_BETWEEN_INSPECTIONS : inspecting ? 0 : asked + 1;
                @Nullable
                String why = isReachable() ? ask(inspecting) : reopen();
                sure = seen;
                failures = why == null ? 0 : failures + 1;
                if (why == null) {
                    asking.worked();
                } else {
                    asking.failed(why);
                }
                found(why);
                suspected.await(seen, failures == 0 ? ASK_EVERY : BACKOFF.delay(failures, random).plusMillis(50));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void found(@Nullable String why) {
        Finding before = finding;
        if (why == null && !before.isReachable()) {
            LOG.info("{}: answers again", name());
            finding = new Finding(true, new CompletableFuture<>());
            changed.wake();
        } else if (why != null && before.isReachable()) {
            LOG.warn("{}: does not answer, orders go by heartbeat until it does: {}", name(), why);
            finding = new Finding(false, before.lost());
            before.lost().complete(null);
            changed.wake();
        }
    }

    private synchronized void found(Findings now) {
        Findings before = findings;
        findings = now;
        now.faults().stream().filter(fault -> !before.faults().contains(fault)).forEach(fault -> LOG.error("{}: {}", name(), fault));
        now.remarks().stream().filter(remark -> !before.remarks().contains(remark)).forEach(remark -> LOG.warn("{}: {}", name(), remark));
        if (now.equals(Findings.NONE) && !before.equals(Findings.NONE)) {
            LOG.info("{}: all topics are as they should be", name());
        }
    }

    private @Nullable String ask(boolean inspecting) throws InterruptedException {
        KafkaTopics asked = topics;
        String why = answer(ANSWER_WITHIN, () -> {
            asked.check();
            return null;
        });
        return why != null || !inspecting ? why : answer(INSPECTED_WITHIN, () -> {
            found(asked.inspect());
            return null;
        });
    }

    private static @Nullable String answer(Duration within, Callable<@Nullable Void> question) throws InterruptedException {
        var task = new FutureTask<@Nullable Void>(question);
        Thread.ofVirtual().name("kafka-ask").start(task);
        try {
            task.get(within.toMillis(), TimeUnit.MILLISECONDS);
            return null;
        } catch (TimeoutException e) {
            task.cancel(true);
            return "no answer in " + within.toSeconds() + " s";
        } catch (ExecutionException e) {
            return ConnectionTrouble.inWords(e);
        }
    }

    private @Nullable String reopen() throws InterruptedException {
        try {
            KafkaTopics again =
                    KafkaTopics.open(
                            settings,
                            wanted.wanted(),
                            partitions,
                            new Reachability(Duration.ZERO, BACKOFF, InstantSource.system(), random, Thread::sleep));
            KafkaTopics before = topics;
            topics = again;
            before.close();
            found(again.findings());
            return null;
        } catch (DependencyUnavailableException e) {
            return e.why();
        }
    }

    @Override
    public void close() {
        closing = true;
        suspected.wake();
        thread.end(Duration.ZERO, CLOSE_WITHIN);
        topics.close();
    }
}
