package dev.spillway.service.kafka;

import dev.spillway.service.NotReachableException;
import dev.spillway.service.Reachability;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The topics that a service needs. Blocks. */
public final class KafkaTopics implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaTopics.class);
    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(2);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);

    /**
     * A topic that should be there.
     *
     * @param partitions when it is made; a topic that is there keeps its own
     */
    public record Topic(String name, int partitions, Duration retention) {}

    private final KafkaSettings settings;
    private final Admin admin;
    private final Map<String, Integer> partitions;

    private KafkaTopics(KafkaSettings settings, List<Topic> topics) throws ExecutionException, InterruptedException {
        this.settings = settings;
        this.admin = Admin.create(settings.admin());
        try {
            check();
            create(topics);
            this.partitions = Map.copyOf(count(topics.stream().map(Topic::name).toList()));
        } catch (ExecutionException | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Waits until Kafka answers, then makes the topics that are missing, with as many copies as the brokers have as their default.
     *
     * @throws NotReachableException naming the servers
     */
    public static KafkaTopics open(KafkaSettings settings, List<Topic> topics, Reachability reachability)
            throws NotReachableException, InterruptedException {
        return reachability.await("Kafka at " + settings.bootstrapServers(), () -> {
            Listening.require(settings.servers(),
                    settings.deliveryTimeout().compareTo(CONNECT_WITHIN) < 0 ? settings.deliveryTimeout() : CONNECT_WITHIN);
            try {
                return new KafkaTopics(settings, topics);
            } catch (ExecutionException e) {
                throw KafkaTrouble.explained(e, settings);
            }
        });
    }

    /** How many partitions each topic had when this was opened. */
    public Map<String, Integer> partitions() {
        return partitions;
    }

    /** Fails when Kafka does not answer; for readiness. */
    public void check() throws ExecutionException, InterruptedException {
        if (admin.describeCluster().nodes().get().isEmpty()) {
            throw new IllegalStateException("Kafka at " + settings.bootstrapServers() + ": no broker");
        }
    }

    private void create(List<Topic> topics) throws ExecutionException, InterruptedException {
        var wanted = topics.stream()
                .map(topic -> new NewTopic(topic.name(), Optional.of(topic.partitions()), Optional.empty())
                        .configs(Map.of(TopicConfig.RETENTION_MS_CONFIG, Long.toString(topic.retention().toMillis()))))
                .toList();
        for (var made : admin.createTopics(wanted).values().entrySet()) {
            try {
                made.getValue().get();
                LOG.info("Made topic {}", made.getKey());
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw e;
                }
            }
        }
    }

    private Map<String, Integer> count(List<String> topics) throws ExecutionException, InterruptedException {
        Map<String, Integer> partitions = new TreeMap<>();
        admin.describeTopics(topics).allTopicNames().get().forEach((name, topic) -> partitions.put(name, topic.partitions().size()));
        return partitions;
    }

    @Override
    public void close() {
        admin.close(CLOSE_WITHIN);
    }
}
