package dev.spillway.service.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests when a producer is replaced, with Kafka's {@code MockProducer}. A real one loses a topic only in a cluster, by a race. */
class MessageSenderTest {
    private final List<MockProducer<byte[], byte[]>> made = new ArrayList<>();
    private final AtomicLong nanos = new AtomicLong();
    private final MessageSender sender = new MessageSender(() -> {
        made.add(new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer()));
        return made.getLast();
    }, nanos::get);

    private CompletableFuture<Long> send(String topic) {
        return sender.send(new Message(topic, OptionalInt.empty(), null, Map.of(), new byte[1]));
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @Test
    void aProducerThatFailsWithATopicForLongIsReplaced() {
        CompletableFuture<Long> first = send("facts");
        made.getFirst().errorNext(new TimeoutException("not present in metadata"));
        assertThat(first).isCompletedExceptionally();
        pass(Duration.ofSeconds(29));
        var _ = send("facts");
        made.getFirst().errorNext(new TimeoutException("not present in metadata"));
        assertThat(made).as("after failures for less than 30 s").hasSize(1);
        CompletableFuture<Long> underWay = send("orders");

        pass(Duration.ofSeconds(2));
        CompletableFuture<Long> next = send("facts");

        assertThat(made).hasSize(2);
        assertThat(made.getFirst().closed()).isTrue();
        made.getLast().completeNext();
        assertThat(next).isCompleted();
        assertThat(underWay.isDone() && !underWay.isCompletedExceptionally()).as("acknowledged").isFalse();
        sender.close();
        assertThat(made.getLast().closed()).isTrue();
    }

    @Test
    void aProducerThatSucceedsNowAndThenIsKept() {
        for (int round = 0; round < 10; round++) {
            var _ = send("facts");
            made.getFirst().errorNext(new TimeoutException("slow"));
            pass(Duration.ofSeconds(20));
            var _ = send("facts");
            made.getFirst().completeNext();
            pass(Duration.ofSeconds(20));
        }
        var _ = send("orders");
        assertThat(made).hasSize(1);
    }

    @Test
    void whatIsSentAfterTheEndFailsAndMakesNoProducer() {
        var _ = send("facts");
        made.getFirst().errorNext(new TimeoutException("slow"));
        pass(Duration.ofMinutes(1));
        sender.close();
        assertThat(send("facts")).isCompletedExceptionally();
        assertThat(made).hasSize(1);
    }
}
