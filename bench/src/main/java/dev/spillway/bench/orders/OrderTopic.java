package dev.spillway.bench.orders;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.events.codec.Topics;
import dev.spillway.service.kafka.KafkaSettings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;

/** Reads all partitions of the topic of orders and counts the orders in each by host. */
record OrderTopic(KafkaSettings kafka, int partitions) {
    private static final Duration WITHIN = Duration.ofMinutes(3);
    private static final Duration POLL = Duration.ofMillis(200);

    private record Amount(long orders, long bytes) {
        static final Amount NONE = new Amount(0, 0);

        Amount and(Amount other) {
            return new Amount(orders + other.orders, bytes + other.bytes);
        }
    }

    /** The orders in the topic. */
    record Contents(Map<Integer, Map<String, Amount>> byPartitionAndHost) {
        /** @param partitionOf the partition that each host was given */
        List<Reading> by(Map<String, Integer> partitionOf) {
            List<Reading> readings = new ArrayList<>();
            partitionOf.forEach((host, partition) -> {
                Map<String, Amount> found = byPartitionAndHost.getOrDefault(partition, Map.of());
                Amount own = found.getOrDefault(host, Amount.NONE);
                if (own.orders() == 0) {
                    throw new BenchmarkFailedException(
                            "orders of " + host + " in its partition " + partition + ": none (expected: all of its own)");
                }
                Amount all = found.values().stream().reduce(Amount.NONE, Amount::and);
                readings.add(new Reading(own.orders(), all.orders(), own.bytes(), all.bytes()));
            });
            return readings;
        }
    }

    /** @param orders expected number of orders, of which none may occur twice */
    Contents read(long orders) throws InterruptedException {
        Map<Integer, Map<String, Amount>> found = new HashMap<>();
        Set<String> ids = new HashSet<>();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(kafka.consumer("bench"))) {
            List<TopicPartition> all = IntStream.range(0, partitions).mapToObj(n -> new TopicPartition(Topics.ORDERS, n)).toList();
            consumer.assign(all);
            consumer.seekToBeginning(all);
            long deadline = System.nanoTime() + WITHIN.toNanos();
            while (ids.size() < orders) {
                if (System.nanoTime() > deadline) {
                    throw new BenchmarkFailedException("orders published in %s: %,d (expected: %,d)".formatted(WITHIN, ids.size(), orders));
                }
                if (Thread.interrupted()) {
                    throw new InterruptedException("interrupted while reading orders");
                }
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    if (!ids.add(header(record, "ce_id"))) {
                        throw new BenchmarkFailedException(
                                "order " + header(record, "ce_id") + " came twice (expected: once, unconfirmed within the run)");
                    }
                    found.computeIfAbsent(record.partition(), ignored -> new HashMap<>())
                            .merge(new String(record.key(), StandardCharsets.UTF_8), new Amount(1, bytes(record)), Amount::and);
                }
            }
        }
        return new Contents(found);
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        if (header == null) {
            throw new BenchmarkFailedException("order without the header " + name);
        }
        return new String(header.value(), StandardCharsets.UTF_8);
    }

    private static long bytes(ConsumerRecord<byte[], byte[]> record) {
        long bytes = record.serializedKeySize() + (long) record.serializedValueSize();
        for (Header header : record.headers()) {
            bytes += header.key().getBytes(StandardCharsets.UTF_8).length + header.value().length;
        }
        return bytes;
    }
}
