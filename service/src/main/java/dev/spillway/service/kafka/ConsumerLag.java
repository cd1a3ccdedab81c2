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
 * Tells how many records of each partition a consumer has not read, as Kafka's client counts them: {@code
 * kafka_consumer_fetch_manager_records_lag}. All other figures of the client are left out, because they are a hundred series.
 */
public final class ConsumerLag implements AutoCloseable {
    private static final String NAME = "kafka.consumer.fetch.manager.records.lag";

    /** A partition shows a figure once it was fetched, and none once another consumer has it. */
    private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("consumer-lag").factory());
    private final KafkaClientMetrics figures;

    public ConsumerLag(Consumer<?, ?> consumer, MeterRegistry metrics) {
        figures = new KafkaClientMetrics(consumer, List.of(), timer, LOOK_EVERY);
        figures.bindTo(metrics);
    }

    /**
     * Returns whether a figure of Kafka's client is to be left out. The client tells the lag a second time, by a topic's name with underscores in place of
     * its points. All topics here have points.
     */
    public static boolean isOther(Meter.Id figure) {
        String topic = figure.getTag("topic");
        return figure.getName().startsWith("kafka.") && !(figure.getName().equals(NAME) && topic != null && topic.contains("."));
    }

    /** Ends before its consumer is closed. */
    @Override
    public void close() {
        timer.shutdownNow();
        figures.close();
    }
}
