package dev.spillway.examples.cleaner;

import dev.spillway.events.EvictionFact;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.events.codec.Topics;
import dev.spillway.events.codec.UnreadableEventException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Follows the facts and deletes the images that they name: {@code Cleaner KAFKA REGISTRY NAMESPACE FOLDER GROUP}. It commits its offset only
 * when all earlier facts are settled. Any failure ends it; after a restart it continues from its offset.
 */
public final class Cleaner {
    private Cleaner() {}

    /** Runs until it is killed or something fails. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        NamespaceName namespace = new NamespaceName(arguments[2]);
        EventCodec codec = new EventCodec("/cleaner");
        NamedSnapshots named = new NamedSnapshots(URI.create(arguments[1] + "/v1/namespaces/" + namespace + "/snapshots"));
        try (ImageFolder folder = new ImageFolder(Path.of(arguments[3]), named);
                KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                        Map.of(
                                "bootstrap.servers",
                                arguments[0],
                                "group.id",
                                arguments[4],
                                "group.instance.id",
                                "cleaner",
                                "enable.auto.commit",
                                "false",
                                "auto.offset.reset",
                                "earliest"),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(Topics.EVICTIONS));
            while (true) {
                ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofSeconds(1));
                Set<SnapshotId> evicted = new HashSet<>();
                for (ConsumerRecord<byte[], byte[]> each : records) {
                    try {
                        EvictionFact fact = codec.decode(EvictionFact.class, headers(each), each.value());
                        if (fact.namespace().equals(namespace)) {
                            evicted.add(fact.snapshotId());
                        }
                    } catch (UnreadableEventException why) {
                        folder.setAside(each, why);
                    }
                }
                folder.settle(evicted);
                if (!records.isEmpty()) {
                    consumer.commitSync();
                }
            }
        }
    }

    private static Map<String, String> headers(ConsumerRecord<byte[], byte[]> read) {
        Map<String, String> headers = new HashMap<>();
        for (Header header : read.headers()) {
            if (header.value() != null) {
                headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8));
            }
        }
        return headers;
    }
}
