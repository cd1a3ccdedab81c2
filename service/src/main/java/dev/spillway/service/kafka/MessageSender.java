package dev.spillway.service.kafka;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;

/** Sends messages with an idempotent producer that waits for all replicas. Thread-safe. */
public final class MessageSender implements AutoCloseable {
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);

    private final KafkaProducer<byte[], byte[]> producer;

    public MessageSender(KafkaSettings settings) {
        producer = new KafkaProducer<>(settings.producer());
    }

    /**
     * Sends a message. May block for the delivery timeout when the brokers are not reachable, so it is for threads that may block.
     *
     * @return done with the message's offset once all replicas have it; failed when that is not known, in which case it may still be there
     */
    public CompletableFuture<Long> send(Message message) {
        var sent = new CompletableFuture<Long>();
        try {
            var _ = producer.send(message.toRecord(), (metadata, failure) -> {
                if (failure == null) {
                    sent.complete(metadata.offset());
                } else {
                    sent.completeExceptionally(failure);
                }
            });
        } catch (KafkaException e) {
            sent.completeExceptionally(e);
        }
        return sent;
    }

    /** Waits a few seconds for what is under way, then gives it up. */
    @Override
    public void close() {
        producer.close(CLOSE_WITHIN);
    }
}
