package dev.spillway.coordinator.kafka;

import dev.spillway.events.codec.Topics;
import dev.spillway.service.kafka.KafkaTopics.Copies;
import dev.spillway.service.kafka.KafkaTopics.Topic;
import java.time.Duration;
import java.util.List;

/**
 * The topics of one registry, with the settings for creating missing ones.
 *
 * @param orders    topic of orders, of which each host reads one partition
 * @param evictions topic of eviction facts, which anyone may read
 * @param reports   topic of reports, whose partitions are spread over the coordinators
 * @param copies    number of copies of each topic
 */
public record RegistryTopics(Shape orders, Shape evictions, Shape reports, Copies copies) {
    /**
     * One topic.
     *
     * @param partitions 1 or more; a topic that is there keeps its own
     * @param retention  time for which messages are kept
     * @param isGiven    whether the retention was set explicitly. If so, the longer retention of an existing topic is shortened at the start.
     *                   Otherwise a longer one is taken to be intended
     */
    public record Shape(int partitions, Duration retention, boolean isGiven) {}

    List<Topic> wanted() {
        return List.of(topic(Topics.ORDERS, orders), topic(Topics.EVICTIONS, evictions), topic(Topics.REPORTS, reports));
    }

    private Topic topic(String name, Shape shape) {
        return new Topic(name, shape.partitions(), shape.retention(), copies, shape.isGiven());
    }
}
