package dev.spillway.service.kafka;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AdminClientConfig;

/**
 * The security settings of Kafka's clients, as a file of properties that Kafka's own tools read too. Immutable.
 *
 * @param file       where they stand; empty for none
 * @param properties may hold passwords, so {@link #toString} does not show them
 */
public record KafkaSecurity(String file, Map<String, String> properties) {
    /** Brokers are spoken to as they are by default: in plain text. */
    public static final KafkaSecurity NONE = new KafkaSecurity("", Map.of());

    private static final List<String> PREFIXES = List.of("security.", "sasl.", "ssl.");

    public KafkaSecurity {
        properties = Map.copyOf(properties);
    }

    /**
     * Reads such a file, once.
     *
     * @throws IllegalArgumentException naming the properties that are not security settings of Kafka's clients, or why the file cannot be read;
     *                                  never a value
     */
    static KafkaSecurity read(String file) {
        var read = new Properties();
        try (var reader = Files.newBufferedReader(Path.of(file))) {
            read.load(reader);
        } catch (IOException e) {
            throw new IllegalArgumentException(file + ": " + e, e);
        }
        var others = read.stringPropertyNames().stream().filter(name -> !isSecurity(name)).sorted().toList();
        if (!others.isEmpty()) {
            throw new IllegalArgumentException(file + ": " + others + " (expected: security settings of Kafka's clients)");
        }
        return new KafkaSecurity(file, read.stringPropertyNames().stream().collect(Collectors.toMap(name -> name, read::getProperty)));
    }

    private static boolean isSecurity(String name) {
        return PREFIXES.stream().anyMatch(name::startsWith) && AdminClientConfig.configNames().contains(name);
    }

    /** The file's name alone. */
    @Override
    public String toString() {
        return file;
    }
}
