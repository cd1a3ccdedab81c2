package dev.spillway.embedded;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Settings of an embedded Kafka broker. Immutable; each {@code with} method returns a changed copy.
 *
 * @param directory      directory that keeps logs and metadata between runs, made and formatted if missing; null for a
 *                       temporary one that is deleted at close
 * @param port           TCP port for clients on 127.0.0.1, 1 to 65535; 0 to have a free one chosen
 * @param controllerPort TCP port of the controller on 127.0.0.1, which no client needs; 0 to have a free one chosen
 * @param retention      how long a topic without a setting of its own keeps its records
 * @param properties     further broker properties by name; the fixed ones, which keep the broker local and single, are
 *                       refused
 * @param startTimeout   how long a start may take, recovery of a killed broker included
 * @param stopTimeout    longest time for a clean stop
 */
public record EmbeddedKafkaSettings(
        @Nullable Path directory,
        int port,
        int controllerPort,
        Duration retention,
        Map<String, String> properties,
        Duration startTimeout,
        Duration stopTimeout) {

    public EmbeddedKafkaSettings {
        requirePort("port", port);
        requirePort("controllerPort", controllerPort);
        if (port != 0 && port == controllerPort) {
            throw new IllegalArgumentException("controllerPort: " + controllerPort + " (expected: another one than port)");
        }
        requirePositive("retention", retention);
        for (Map.Entry<String, String> property : properties.entrySet()) {
            if (KafkaProperties.FIXED.contains(property.getKey())) {
                throw new IllegalArgumentException(
                        "property " + property.getKey() + ": " + property.getValue()
                                + " (expected: not set, the broker's own settings decide it)");
            }
        }
        properties = Map.copyOf(properties);
        requirePositive("startTimeout", startTimeout);
        requirePositive("stopTimeout", stopTimeout);
    }

    /** Returns settings of a temporary broker, which leaves nothing on the disk. */
    public static EmbeddedKafkaSettings temporary() {
        return new EmbeddedKafkaSettings(null, 0, 0, Duration.ofDays(7), Map.of(), Duration.ofSeconds(60), Duration.ofSeconds(15));
    }

    /** Returns settings of a broker that keeps its records in the directory between runs. */
    public static EmbeddedKafkaSettings keptIn(Path directory) {
        EmbeddedKafkaSettings base = temporary();
        return new EmbeddedKafkaSettings(
                directory,
                base.port,
                base.controllerPort,
                base.retention,
                base.properties,
                base.startTimeout,
                base.stopTimeout);
    }

    public EmbeddedKafkaSettings withPort(int port) {
        return new EmbeddedKafkaSettings(directory, port, controllerPort, retention, properties, startTimeout, stopTimeout);
    }

    public EmbeddedKafkaSettings withControllerPort(int controllerPort) {
        return new EmbeddedKafkaSettings(directory, port, controllerPort, retention, properties, startTimeout, stopTimeout);
    }

    public EmbeddedKafkaSettings withRetention(Duration retention) {
        return new EmbeddedKafkaSettings(directory, port, controllerPort, retention, properties, startTimeout, stopTimeout);
    }

    public EmbeddedKafkaSettings withProperty(String name, String value) {
        Map<String, String> more = new TreeMap<>(properties);
        more.put(name, value);
        return new EmbeddedKafkaSettings(directory, port, controllerPort, retention, more, startTimeout, stopTimeout);
    }

    public EmbeddedKafkaSettings withTimeouts(Duration startTimeout, Duration stopTimeout) {
        return new EmbeddedKafkaSettings(directory, port, controllerPort, retention, properties, startTimeout, stopTimeout);
    }

    private static void requirePort(String name, int port) {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException(name + ": " + port + " (expected: 0 to 65535)");
        }
    }

    private static void requirePositive(String name, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(name + ": " + duration + " (expected: more than zero)");
        }
    }
}
