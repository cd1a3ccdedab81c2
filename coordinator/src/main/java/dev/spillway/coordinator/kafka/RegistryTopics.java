package dev.spillway.coordinator.kafka;

import dev.spillway.events.Topics;
import dev.spillway.service.kafka.KafkaTopics.Copies;
import dev.spillway.service.kafka.KafkaTopics.Topic;
import java.time.Duration;
import java.util.List;

/**
 * The topics of one registry, as they are made where they are missing.
 *
 * @param orders    each host reads one partition of it
 * @param evictions facts for anyone
 * @param reports   spread over the coordinators
 * @param copies    of each of them
 */
public record RegistryTopics(Shape orders, Shape evictions, Shape reports, Copies copies) {
    /**
     * One topic.
     *
     * @param partitions 1 or more; a topic that is there keeps its own
     * @param retention  time for which a message is kept
     * @param isGiven    whether the retention was set explicitly. Then an existing topic with a longer retention is shortened at the start; otherwise
     *                   its maker is taken to want that
     */
    public record Shape(int partitions, Duration retention, boolean isGiven) {}

    List<Topic> wanted() {
        return List.of(topic(Topics.ORDERS, orders), topic(Topics.EVICTIONS, evictions), topic(Topics.REPORTS, reports));
    }

    private Topic topic(String name, Shape shape) {
        return new Topic(name, shape.partitions(), shape.retention(), copies, shape.isGiven());
    }
}
