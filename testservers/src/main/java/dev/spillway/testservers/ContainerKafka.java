package dev.spillway.testservers;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.testcontainers.kafka.KafkaContainer;

/** A broker in a container, which keeps its data while it is stopped. */
final class ContainerKafka implements TestKafka {
    private static final int KAFKA_PORT = 9092;
    private static final int PATIENCE_MILLIS = 300_000;

    private final KafkaContainer container = new KafkaContainer(ContainerEngine.KAFKA);

    ContainerKafka(int port) {
        container.setPortBindings(List.of("127.0.0.1:" + port + ":" + KAFKA_PORT));
        container.withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false").withImagePullPolicy(image -> false).start();
    }

    @Override
    public String bootstrapServers() {
        return container.getBootstrapServers();
    }

    @Override
    public void stop() {
        container.getDockerClient().stopContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public void start() {
        if (container.isRunning()) {
            return;
        }
        container.getDockerClient().startContainerCmd(container.getContainerId()).exec();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers(), "default.api.timeout.ms", PATIENCE_MILLIS))) {
            admin.describeCluster().nodes().get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("Kafka in a container, started again at " + bootstrapServers() + ": " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while Kafka starts again", e);
        }
    }

    @Override
    public void close() {
        container.stop();
    }
}
