package dev.spillway.worker.kafka;

import dev.spillway.events.codec.Topics;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.KafkaTrouble;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/** Checks whether Kafka answers and has the partition of this host. It connects at the first check, so a worker starts without Kafka. Thread-safe. */
public final class KafkaReach implements AutoCloseable {
    private static final Duration WITHIN = Duration.ofSeconds(1);

    private final KafkaSettings settings;
    private @Nullable Admin admin;

    public KafkaReach(KafkaSettings settings) {
        this.settings = settings.withClientId(settings.clientId() + "-check").withDeliveryTimeout(WITHIN);
    }

    /**
     * Asks the brokers.
     *
     * @param partition partition of the orders that is followed; empty while there is none
     * @throws IOException naming the servers, and why they do not answer or that they lack the partition
     */
    public void check(OptionalInt partition) throws IOException, InterruptedException {
        try {
            admin().describeCluster().nodes().get();
            if (partition.isPresent() && !hasLeader(partition.getAsInt())) {
                throw away("partition " + partition.getAsInt() + " of " + Topics.ORDERS + " is not there", null);
            }
        } catch (KafkaException e) {
            throw away(KafkaTrouble.inWords(settings, e), e);
        } catch (ExecutionException e) {
            throw away(KafkaTrouble.inWords(settings, e), e);
        }
    }

    private boolean hasLeader(int partition) throws ExecutionException, InterruptedException {
        try {
            return admin().describeTopics(List.of(Topics.ORDERS))
                    .allTopicNames()
                    .get()
                    .values()
                    .stream()
                    .flatMap(topic -> topic.partitions().stream())
                    .anyMatch(one -> one.partition() == partition && one.leader() != null);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                return false;
            }
            throw e;
        }
    }

    private IOException away(String why, @Nullable Exception e) {
        return new IOException("Kafka at %s: %s; orders come by heartbeat meanwhile".formatted(settings.bootstrapServers(), why), e);
    }

    private synchronized Admin admin() {
        Admin made = admin;
        if (made == null) {
            made = Admin.create(settings.admin());
            admin = made;
        }
        return made;
    }

    @Override
    public synchronized void close() {
        if (admin != null) {
            admin.close(Duration.ZERO);
        }
    }
}
