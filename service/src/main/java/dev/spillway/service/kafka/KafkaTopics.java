package dev.spillway.service.kafka;

import dev.spillway.service.ConnectionTrouble;
import dev.spillway.service.NotReachableException;
import dev.spillway.service.Reachability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topics that a service needs. Makes those that are missing, and corrects the settings of those that are there where messages would be
 * refused or lost: somebody else may have made a topic, or changed it since. Blocks.
 */
public final class KafkaTopics implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaTopics.class);
    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(2);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);

    /**
     * A topic that should be there.
     *
     * @param partitions when it is made; a topic that is there keeps its own
     * @param retention  for how long a message is kept at least
     * @param copies     how many brokers keep it
     * @param isExact    whether {@link #open} also shortens a longer retention. Later that is never done: of several services, one that was
     *                   started with an older setting would shorten what a newer one has lengthened
     */
    public record Topic(String name, int partitions, Duration retention, Copies copies, boolean isExact) {
        /** A topic with as many copies as the brokers have as their default, whose messages may be kept for longer. */
        public Topic(String name, int partitions, Duration retention) {
            this(name, partitions, retention, Copies.OF_BROKERS, false);
        }
    }

    /**
     * The copies of a topic's partitions.
     *
     * @param replicationFactor how many there are; the brokers' default if empty
     * @param minInSync         how many must have a message before it is acknowledged; the brokers' default if empty
     */
    public record Copies(Optional<Integer> replicationFactor, Optional<Integer> minInSync) {
        /** The brokers' defaults. */
        public static final Copies OF_BROKERS = new Copies(Optional.empty(), Optional.empty());
    }

    /**
     * Differences from what is needed that were not corrected, each with topic, setting, value and expectation.
     *
     * @param faults  refuse or lose messages
     * @param remarks lose nothing as long as all brokers are there
     */
    public record Findings(List<String> faults, List<String> remarks) {
        public static final Findings NONE = new Findings(List.of(), List.of());

        public Findings {
            faults = List.copyOf(faults);
            remarks = List.copyOf(remarks);
        }
    }

    private final KafkaSettings settings;
    private final List<Topic> topics;
    private final Admin admin;
    private final Map<String, Integer> before;
    private final Map<String, Integer> partitions;
    private final Findings findings;

    private KafkaTopics(KafkaSettings settings, List<Topic> topics, Map<String, Integer> before)
            throws ExecutionException, InterruptedException {
        this.settings = settings;
        this.topics = List.copyOf(topics);
        this.before = Map.copyOf(before);
        this.admin = Admin.create(settings.admin());
        try {
            check();
            var found = makeMissing();
            this.partitions = found.partitions();
            this.findings = correct(found, before.isEmpty());
        } catch (ExecutionException | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Waits until Kafka answers, then makes the topics that are missing, and corrects the others.
     *
     * @throws NotReachableException naming the servers
     */
    public static KafkaTopics open(KafkaSettings settings, List<Topic> topics, Reachability reachability)
            throws NotReachableException, InterruptedException {
        return open(settings, topics, Map.of(), reachability);
    }

    /**
     * As {@link #open(KafkaSettings, List, Reachability)}, for topics that were used already.
     *
     * @param before partitions of each topic when it was used first: it is made with as many if it is missing, and is given as many by
     *               {@link #inspect}. Not empty, no retention is shortened
     */
    public static KafkaTopics open(KafkaSettings settings, List<Topic> topics, Map<String, Integer> before, Reachability reachability)
            throws NotReachableException, InterruptedException {
        return reachability.await("Kafka at " + settings.bootstrapServers(), () -> {
            Listening.require(settings.servers(),
                    settings.deliveryTimeout().compareTo(CONNECT_WITHIN) < 0 ? settings.deliveryTimeout() : CONNECT_WITHIN);
            try {
                return new KafkaTopics(settings, topics, before);
            } catch (ExecutionException e) {
                throw KafkaTrouble.explained(e, settings);
            }
        });
    }

    /** How many partitions each topic had when this was opened. */
    public Map<String, Integer> partitions() {
        return partitions;
    }

    /** Returns the findings of the time when this was opened; see {@link #inspect}. */
    public Findings findings() {
        return findings;
    }

    /** Fails when Kafka does not answer; for readiness. */
    public void check() throws ExecutionException, InterruptedException {
        if (admin.describeCluster().nodes().get().isEmpty()) {
            throw new IllegalStateException("Kafka at " + settings.bootstrapServers() + ": no broker");
        }
    }

    /**
     * Looks at all topics again. Makes those that are gone, gives those that were made anew with fewer partitions the number that they had, and
     * corrects what was changed.
     *
     * @throws ExecutionException if Kafka does not answer
     */
    public Findings inspect() throws ExecutionException, InterruptedException {
        List<String> uncorrected = new ArrayList<>();
        var found = makeMissing();
        for (var topic : found.there().keySet()) {
            int now = found.partitions().getOrDefault(topic.name(), 0);
            int wanted = (before.isEmpty() ? partitions : before).getOrDefault(topic.name(), 0);
            if (now < wanted) {
                attempt("topic " + topic.name() + ": partitions: " + now + " (expected: " + wanted + ", as before)",
                        () -> admin.createPartitions(Map.of(topic.name(), NewPartitions.increaseTo(wanted))).all().get())
                        .ifPresent(uncorrected::add);
            }
        }
        var corrected = correct(found, false);
        uncorrected.addAll(corrected.faults());
        return new Findings(uncorrected, corrected.remarks());
    }

    /**
     * Which topics there are.
     *
     * @param there      those that were not made just now, and how many copies the least copied partition of each has
     * @param partitions of all
     */
    private record Found(Map<Topic, Integer> there, Map<String, Integer> partitions) {}

    /** Asks for missing topics only, so that who may not make topics can use those that were made for them. */
    private Found makeMissing() throws ExecutionException, InterruptedException {
        Map<String, Integer> counts = new TreeMap<>();
        Map<Topic, Integer> there = new LinkedHashMap<>();
        for (var topic : topics) {
            try {
                var described = describe(topic);
                there.put(topic, described.stream().mapToInt(partition -> partition.replicas().size()).min().orElse(0));
                counts.put(topic.name(), described.size());
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw e;
                }
                counts.put(topic.name(), make(topic));
            }
        }
        return new Found(there, Map.copyOf(counts));
    }

    private int make(Topic topic) throws ExecutionException, InterruptedException {
        int wanted = before.getOrDefault(topic.name(), topic.partitions());
        var made = new NewTopic(topic.name(), Optional.of(wanted), topic.copies().replicationFactor().map(Integer::shortValue))
                .configs(TopicNeeds.configuration(topic));
        try {
            admin.createTopics(List.of(made)).all().get();
            LOG.info("Made topic {}", topic.name());
            return wanted;
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw e;
            }
            // Another service was first.
            return describe(topic).size();
        }
    }

    private List<TopicPartitionInfo> describe(Topic topic) throws ExecutionException, InterruptedException {
        return admin.describeTopics(List.of(topic.name())).allTopicNames().get().values().iterator().next().partitions();
    }

    private Findings correct(Found found, boolean opening) throws ExecutionException, InterruptedException {
        List<String> faults = new ArrayList<>();
        List<String> remarks = new ArrayList<>();
        for (var entry : found.there().entrySet()) {
            var topic = entry.getKey();
            int replicas = entry.getValue();
            var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic.name());
            Map<String, String> actual;
            try {
                actual = configuration(resource);
            } catch (ExecutionException e) {
                faults.add("topic " + topic.name() + ": its settings cannot be read (expected: a right to describe them): "
                        + refusal(e));
                continue;
            }
            for (var correction : TopicNeeds.corrections(actual, topic, replicas, opening && topic.isExact())) {
                var change = new AlterConfigOp(new ConfigEntry(correction.name(), correction.value()), AlterConfigOp.OpType.SET);
                attempt("topic " + topic.name() + ": " + correction.inWords(),
                        () -> admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all().get()).ifPresent(faults::add);
            }
            TopicNeeds.tooFewCopies(actual, topic, replicas).ifPresent(fault -> faults.add("topic " + topic.name() + ": " + fault));
            TopicNeeds.remarks(topic, found.partitions().getOrDefault(topic.name(), 0), replicas)
                    .forEach(remark -> remarks.add("topic " + topic.name() + ": " + remark));
        }
        return new Findings(faults, remarks);
    }

    private Map<String, String> configuration(ConfigResource resource) throws ExecutionException, InterruptedException {
        Map<String, String> values = new HashMap<>();
        for (var config : admin.describeConfigs(List.of(resource)).all().get().values()) {
            for (var entry : config.entries()) {
                if (entry.value() != null) {
                    values.put(entry.name(), entry.value());
                }
            }
        }
        return values;
    }

    @FunctionalInterface
    private interface Change {
        void make() throws ExecutionException, InterruptedException;
    }

    /** Returns the fault with the reason when Kafka refuses to have it corrected. */
    private static Optional<String> attempt(String fault, Change change) throws ExecutionException, InterruptedException {
        try {
            change.make();
            LOG.warn("{}; corrected", fault);
            return Optional.empty();
        } catch (ExecutionException e) {
            return Optional.of(fault + "; not corrected: " + refusal(e));
        }
    }

    /** What Kafka answered; no answer is no refusal. */
    private static String refusal(ExecutionException failure) throws ExecutionException {
        if (failure.getCause() instanceof ApiException e && !(e instanceof RetriableException)) {
            return ConnectionTrouble.inWords(e);
        }
        throw failure;
    }

    @Override
    public void close() {
        admin.close(CLOSE_WITHIN);
    }
}
