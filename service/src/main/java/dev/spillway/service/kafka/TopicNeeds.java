package dev.spillway.service.kafka;

import dev.spillway.service.kafka.KafkaTopics.Topic;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.config.TopicConfig;

/**
 * Compares a topic's configuration with what is needed for its messages to be accepted and kept long enough. Settings that only keep messages longer,
 * or that concern speed or disks, are left to the operators of the brokers.
 */
final class TopicNeeds {
    private static final String COMPACT = "compact";
    private static final String DELETE = "delete";
    private static final String LOG_APPEND_TIME = "LogAppendTime";
    private static final long UNBOUNDED = -1;
    /** Size limit that messages need. The largest message is a fact with labels of the allowed length that are all escaped, about 140 kB. */
    private static final long MESSAGE_BYTES_NEEDED = 256 << 10;
    /** Kafka's default size limit. */
    private static final long MESSAGE_BYTES = 1_048_588;

    /**
     * A setting that loses or refuses messages.
     *
     * @param expected expectation in plain words
     * @param value    value that corrects it
     */
    record Correction(String name, String actual, String expected, String value) {
        String inWords() {
            return "%s: %s (expected: %s)".formatted(name, actual.isEmpty() ? "empty" : actual, expected);
        }
    }

    private TopicNeeds() {}

    /** Returns the configuration of a new topic. It includes values that are defaults of the brokers, because a default can be changed later. */
    static Map<String, String> configuration(Topic topic) {
        Map<String, String> configuration = new HashMap<>(
                Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG,
                        DELETE,
                        TopicConfig.RETENTION_MS_CONFIG,
                        Long.toString(topic.retention().toMillis()),
                        TopicConfig.RETENTION_BYTES_CONFIG,
                        Long.toString(UNBOUNDED),
                        TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
                        LOG_APPEND_TIME,
                        TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                        Long.toString(MESSAGE_BYTES)));
        topic.copies()
                .minInSync()
                .ifPresent(copies -> configuration.put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, Integer.toString(copies)));
        return configuration;
    }

    /**
     * Returns the corrections that a topic needs.
     *
     * @param replicas number of copies of the partition that has the fewest
     * @param shorten  whether a longer retention is shortened, too
     */
    static List<Correction> corrections(Map<String, String> actual, Topic topic, int replicas, boolean shorten) {
        List<Correction> corrections = new ArrayList<>();
        var policy = actual.getOrDefault(TopicConfig.CLEANUP_POLICY_CONFIG, DELETE);
        // With an empty policy everything is kept.
        if (Arrays.stream(policy.split(",")).map(String::strip).anyMatch(COMPACT::equals)) {
            corrections.add(new Correction(TopicConfig.CLEANUP_POLICY_CONFIG, policy, DELETE, DELETE));
        }
        long kept = number(actual, TopicConfig.RETENTION_MS_CONFIG, UNBOUNDED);
        long wanted = topic.retention().toMillis();
        var isLonger = kept == UNBOUNDED || kept > wanted;
        if (isLonger ? shorten : kept < wanted) {
            corrections.add(
                    new Correction(
                            TopicConfig.RETENTION_MS_CONFIG,
                            Long.toString(kept),
                            wanted + (shorten ? "" : " or more"),
                            Long.toString(wanted)));
        }
        long bytes = number(actual, TopicConfig.RETENTION_BYTES_CONFIG, UNBOUNDED);
        if (bytes != UNBOUNDED) {
            corrections.add(
                    new Correction(TopicConfig.RETENTION_BYTES_CONFIG, Long.toString(bytes), "-1, for no bound", Long.toString(UNBOUNDED)));
        }
        // With the producer's clock, a message can be refused or expire at once. With the broker's clock, no bound on timestamps applies.
        var timestamps = actual.getOrDefault(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "");
        if (!timestamps.equals(LOG_APPEND_TIME)) {
            corrections.add(new Correction(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, timestamps, LOG_APPEND_TIME, LOG_APPEND_TIME));
        }
        long largest = number(actual, TopicConfig.MAX_MESSAGE_BYTES_CONFIG, MESSAGE_BYTES);
        if (largest < MESSAGE_BYTES_NEEDED) {
            corrections.add(
                    new Correction(
                            TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                            Long.toString(largest),
                            MESSAGE_BYTES_NEEDED + " or more",
                            Long.toString(MESSAGE_BYTES)));
        }
        long inSync = inSync(actual);
        topic.copies()
                .minInSync()
                .filter(copies -> inSync < copies && copies <= replicas)
                .ifPresent(
                        copies -> corrections.add(
                                new Correction(
                                        TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG,
                                        Long.toString(inSync),
                                        copies + " or more",
                                        Integer.toString(copies))));
        return corrections;
    }

    /**
     * Returns the fault of too few copies, which cannot be corrected here because copies need brokers. The topic then accepts no messages, or
     * acknowledges them with fewer copies.
     */
    static Optional<String> tooFewCopies(Map<String, String> actual, Topic topic, int replicas) {
        long inSync = inSync(actual);
        int wanted = topic.copies().minInSync().orElse(1);
        if (inSync > replicas) {
            return Optional.of(
                    "%s: %d (expected: at most %d, the copies of the topic, which takes no message)"
                            .formatted(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, inSync, replicas));
        }
        return wanted <= replicas ? Optional.empty()
                : Optional.of(
                        "%s: %d (expected: %d or more); not corrected: the topic has too few copies, %d"
                                .formatted(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, inSync, wanted, replicas));
    }

    private static long inSync(Map<String, String> actual) {
        return number(actual, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, 1);
    }

    /** Returns differences from the settings that lose no messages. */
    static List<String> remarks(Topic topic, int partitions, int replicas) {
        List<String> remarks = new ArrayList<>();
        if (partitions < topic.partitions()) {
            remarks.add("partitions: %d (expected: %d, as a new topic would have)".formatted(partitions, topic.partitions()));
        }
        topic.copies()
                .replicationFactor()
                .filter(copies -> replicas < copies)
                .ifPresent(
                        copies -> remarks.add(
                                "replication factor: %d (expected: %d, as a new topic would have)".formatted(replicas, copies)));
        return remarks;
    }

    private static long number(Map<String, String> actual, String name, long absent) {
        return Optional.ofNullable(actual.get(name)).map(Long::parseLong).orElse(absent);
    }
}
