package dev.spillway.testservers;

import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.KafkaBroker;
import java.nio.file.Path;

/** A broker in this process. The caller that gave the directory removes it. */
final class EmbeddedKafka implements TestKafka {
    private final EmbeddedKafkaSettings settings;
    private KafkaBroker broker;
    private boolean runs = true;

    EmbeddedKafka(Path directory, int port) {
        settings = EmbeddedKafkaSettings.keptIn(directory).withPort(port);
        broker = KafkaBroker.start(settings);
    }

    @Override
    public String bootstrapServers() {
        return broker.bootstrapServers();
    }

    @Override
    public void stop() {
        broker.close();
        runs = false;
    }

    @Override
    public void start() {
        if (!runs) {
            broker = KafkaBroker.start(settings);
            runs = true;
        }
    }

    @Override
    public void close() {
        broker.close();
    }
}
