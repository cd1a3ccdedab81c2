package dev.spillway.coordinator.kafka;

import dev.spillway.events.Topics;
import dev.spillway.service.kafka.KafkaTopics.Topic;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The topics of one registry, as they are made where they are missing.
 *
 * @param orders    each host reads one partition of it
 * @param evictions facts for anyone
 * @param reports   spread over the coordinators
 */
public record RegistryTopics(Shape orders, Shape evictions, Shape reports) {
    /**
     * One topic.
     *
     * @param partitions 1 or more; a topic that is there keeps its own
     * @param retention  time for which a message is kept
     * @param isGiven    whether the retention was set explicitly. Then an existing topic with a longer retention is shortened at the start; otherwise
     *                   its maker is taken to want that
     */
    public record Shape(int partitions, Duration retention, boolean isGiven) {
        /** Returns the shape for an inspection after the start, which shortens no retention. */
        private Shape as(Integer actual) {
            return new Shape(actual, retention, false);
        }
    }

    List<Topic> wanted() {
        return List.of(topic(Topics.ORDERS, orders), topic(Topics.EVICTIONS, evictions), topic(Topics.REPORTS, reports));
    }

    private static Topic topic(String name, Shape shape) {
        return new Topic(name, shape.partitions(), shape.retention(), shape.isGiven());
    }

    /** Returns the same topics with their real numbers of partitions, so that a broker that lost them gets them back as they were. */
    RegistryTopics as(Map<String, Integer> partitions) {
        return new RegistryTopics(orders.as(partitions.getOrDefault(Topics.ORDERS, orders.partitions())),
                evictions.as(partitions.getOrDefault(Topics.EVICTIONS, evictions.partitions())),
                reports.as(partitions.getOrDefault(Topics.REPORTS, reports.partitions())));
    }
}
