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
 * @param file       path of the file; empty for none
 * @param properties settings by name; they may contain passwords, so {@link #toString} does not show them
 */
public record KafkaSecurity(String file, Map<String, String> properties) {
    /** Kafka's default: plain text without authentication. */
    public static final KafkaSecurity NONE = new KafkaSecurity("", Map.of());

    private static final List<String> PREFIXES = List.of("security.", "sasl.", "ssl.");

    public KafkaSecurity {
        properties = Map.copyOf(properties);
    }

    /**
     * Reads such a file, once.
     *
     * @throws IllegalArgumentException with the names of properties that are not security settings of Kafka's clients, or the reason why the file
     *                                  cannot be read; never with a value
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

    /** Returns only the file's name. */
    @Override
    public String toString() {
        return file;
    }
}
