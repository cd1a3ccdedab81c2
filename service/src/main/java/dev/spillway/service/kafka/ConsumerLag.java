package dev.spillway.service.kafka;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.kafka.clients.consumer.Consumer;

/**
 * Exports the lag of a consumer per partition, as Kafka's client counts it: {@code kafka_consumer_fetch_manager_records_lag}. All other metrics of
 * the client are left out, because they are about a hundred series.
 */
public final class ConsumerLag implements AutoCloseable {
    private static final String NAME = "kafka.consumer.fetch.manager.records.lag";

    /**
     * Interval at which the client's metrics are registered again: a partition has one only after it was fetched, and none once another consumer has
     * it.
     */
    private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("consumer-lag").factory());
    private final KafkaClientMetrics figures;

    public ConsumerLag(Consumer<?, ?> consumer, MeterRegistry metrics) {
        figures = new KafkaClientMetrics(consumer, List.of(), timer, LOOK_EVERY);
        figures.bindTo(metrics);
    }

    /**
     * Returns whether a metric of Kafka's client is left out. The client reports the lag twice, the second time under the topic's name with
     * underscores in place of dots. All topics here have dots in their names.
     */
    public static boolean isOther(Meter.Id figure) {
        String topic = figure.getTag("topic");
        return figure.getName().startsWith("kafka.") && !(figure.getName().equals(NAME) && topic != null && topic.contains("."));
    }

    /** Ends the export. Must be called before its consumer is closed. */
    @Override
    public void close() {
        timer.shutdownNow();
        figures.close();
    }
}
