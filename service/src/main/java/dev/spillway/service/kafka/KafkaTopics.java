package dev.spillway.service.kafka;

import dev.spillway.service.ConnectionTrouble;
import dev.spillway.service.DependencyUnavailableException;
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
 * The topics that a service needs. Creates missing ones. Corrects settings of existing ones that would refuse or lose messages, because somebody else
 * may have created or changed a topic. Blocks.
 */
public final class KafkaTopics implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaTopics.class);
    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(2);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);

    /**
     * A topic that must exist.
     *
     * @param partitions number of partitions when it is created; an existing topic keeps its own number
     * @param retention  shortest time for which a message is kept
     * @param copies     copies of each partition
     * @param isExact    whether {@link #open} also shortens a longer retention. {@link #inspect} never does, because a service with an older setting
     *                   would undo what a newer one has lengthened
     */
    public record Topic(String name, int partitions, Duration retention, Copies copies, boolean isExact) {
        /** Creates a topic with the brokers' default copies, whose messages may be kept for longer. */
        public Topic(String name, int partitions, Duration retention) {
            this(name, partitions, retention, Copies.OF_BROKERS, false);
        }
    }

    /**
     * The copies of a topic's partitions.
     *
     * @param replicationFactor number of copies; the brokers' default if empty
     * @param minInSync         number of copies that must have a message before it is acknowledged; the brokers' default if empty
     */
    public record Copies(Optional<Integer> replicationFactor, Optional<Integer> minInSync) {
        /** The brokers' defaults. */
        public static final Copies OF_BROKERS = new Copies(Optional.empty(), Optional.empty());
    }

    /**
     * Differences that were not corrected, each with topic, setting, value and expectation.
     *
     * @param faults  refuse or lose messages
     * @param remarks differences that lose nothing as long as all brokers are up
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
     * Waits until Kafka answers, then creates missing topics and corrects the others.
     *
     * @throws DependencyUnavailableException naming the servers
     */
    public static KafkaTopics open(KafkaSettings settings, List<Topic> topics, Reachability reachability)
            throws DependencyUnavailableException, InterruptedException {
        return open(settings, topics, Map.of(), reachability);
    }

    /**
     * Does the same as {@link #open(KafkaSettings, List, Reachability)} for topics that were used before.
     *
     * @param before number of partitions of each topic when it was first used. A missing topic is created with this number, and {@link #inspect}
     *               restores it. If this is not empty, no retention is shortened
     */
    public static KafkaTopics open(KafkaSettings settings, List<Topic> topics, Map<String, Integer> before, Reachability reachability)
            throws DependencyUnavailableException, InterruptedException {
        return reachability.await("Kafka at " + settings.bootstrapServers(), () -> {
            Listening.require(
                    settings.servers(),
                    settings.deliveryTimeout().compareTo(CONNECT_WITHIN) < 0 ? settings.deliveryTimeout() : CONNECT_WITHIN);
            try {
                return new KafkaTopics(settings, topics, before);
            } catch (ExecutionException e) {
                throw KafkaTrouble.explained(e, settings);
            }
        });
    }

    /** Returns the number of partitions of each topic when this was opened. */
    public Map<String, Integer> partitions() {
        return partitions;
    }

    /** Returns the findings from when this was opened; see {@link #inspect}. */
    public Findings findings() {
        return findings;
    }

    /** Fails if Kafka does not answer; for readiness. */
    public void check() throws ExecutionException, InterruptedException {
        if (admin.describeCluster().nodes().get().isEmpty()) {
            throw new IllegalStateException("Kafka at " + settings.bootstrapServers() + ": no broker");
        }
    }

    /**
     * Inspects all topics again. Creates those that were deleted, adds partitions to those that were recreated with fewer, and corrects changed
     * settings.
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
                attempt(
                        "topic " + topic.name() + ": partitions: " + now + " (expected: " + wanted + ", as before)",
                        () -> admin.createPartitions(Map.of(topic.name(), NewPartitions.increaseTo(wanted))).all().get())
                        .ifPresent(uncorrected::add);
            }
        }
        var corrected = correct(found, false);
        uncorrected.addAll(corrected.faults());
        return new Findings(uncorrected, corrected.remarks());
    }

    /**
     * The topics that exist.
     *
     * @param there      topics that existed before this call, with the number of copies of their least copied partition
     * @param partitions number of partitions of each topic
     */
    private record Found(Map<Topic, Integer> there, Map<String, Integer> partitions) {}

    /** Creates only topics that are missing, so that a service without the right to create topics can use existing ones. */
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
            // Another service has created it first.
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
                faults.add("topic " + topic.name() + ": its settings cannot be read (expected: a right to describe them): " + refusal(e));
                continue;
            }
            for (var correction : TopicNeeds.corrections(actual, topic, replicas, opening && topic.isExact())) {
                var change = new AlterConfigOp(new ConfigEntry(correction.name(), correction.value()), AlterConfigOp.OpType.SET);
                attempt(
                        "topic " + topic.name() + ": " + correction.inWords(),
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

    /** Applies a correction. Returns the fault with the reason if Kafka refuses it. */
    private static Optional<String> attempt(String fault, Change change) throws ExecutionException, InterruptedException {
        try {
            change.make();
            LOG.warn("{}; corrected", fault);
            return Optional.empty();
        } catch (ExecutionException e) {
            return Optional.of(fault + "; not corrected: " + refusal(e));
        }
    }

    /** Returns Kafka's reason for a refusal; rethrows a failure that is not an answer of Kafka. */
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
