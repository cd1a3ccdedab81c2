package dev.spillway.service.kafka;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends messages with an idempotent producer that waits for all replicas. If a topic is deleted and created again, a producer may never send to it
 * again, because the new leaders' epochs are lower than those that it remembers. So a producer that has failed with a topic for long is replaced.
 * Thread-safe.
 */
public final class MessageSender implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MessageSender.class);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);
    private static final Duration REPLACE_AFTER = Duration.ofSeconds(30);

    private final Supplier<Producer<byte[], byte[]>> producers;
    private final LongSupplier nanoTime;
    /** Per topic, the time of the first failure since the last acknowledged message. */
    private final Map<String, Long> failing = new ConcurrentHashMap<>();
    private Producer<byte[], byte[]> producer;
    private boolean closed;

    public MessageSender(KafkaSettings settings) {
        this(() -> new KafkaProducer<>(settings.producer()), System::nanoTime);
    }

    MessageSender(Supplier<Producer<byte[], byte[]>> producers, LongSupplier nanoTime) {
        this.producers = producers;
        this.nanoTime = nanoTime;
        producer = producers.get();
    }

    /**
     * Sends a message. Blocks for up to the delivery timeout if the brokers are not reachable.
     *
     * @return completes with the message's offset once all replicas have it. After a failure the message may still have been written
     */
    public CompletableFuture<Long> send(Message message) {
        var sent = new CompletableFuture<Long>();
        try {
            var _ = producerFor(message.topic()).send(message.toRecord(), (metadata, failure) -> {
                if (failure == null) {
                    failing.remove(message.topic());
                    sent.complete(metadata.offset());
                } else {
                    failed(message.topic(), sent, failure);
                }
            });
        } catch (KafkaException | IllegalStateException e) {
            // The producer may have been replaced and closed in the meantime.
            failed(message.topic(), sent, e);
        }
        return sent;
    }

    private void failed(String topic, CompletableFuture<Long> sent, Exception failure) {
        failing.putIfAbsent(topic, nanoTime.getAsLong());
        sent.completeExceptionally(failure);
    }

    private synchronized Producer<byte[], byte[]> producerFor(String topic) {
        Long since = failing.get(topic);
        if (since != null && !closed && nanoTime.getAsLong() - since > REPLACE_AFTER.toNanos()) {
            LOG.warn("{}: Kafka has acknowledged nothing for over {} s, so the producer is replaced", topic, REPLACE_AFTER.toSeconds());
            failing.clear();
            Producer<byte[], byte[]> before = producer;
            producer = producers.get();
            // Messages in flight to other topics fail, and their senders retry them.
            before.close(Duration.ZERO);
        }
        return producer;
    }

    /** Waits a few seconds for messages in flight, then gives them up. */
    @Override
    public void close() {
        Producer<byte[], byte[]> last;
        synchronized (this) {
            closed = true;
            last = producer;
        }
        last.close(CLOSE_WITHIN);
    }
}
