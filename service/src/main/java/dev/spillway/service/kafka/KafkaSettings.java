package dev.spillway.service.kafka;

import dev.spillway.service.settings.HostPort;
import dev.spillway.service.settings.Setting;
import dev.spillway.service.settings.Settings;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Settings of the connection to Kafka.
 *
 * @param servers addresses of some of the brokers, at least one
 * @param clientId name of this service in the brokers' logs and metrics
 * @param deliveryTimeout time limit for sending a message, including retries; also bounds the time for which a send blocks for metadata
 * @param security        settings of authentication and encryption
 */
public record KafkaSettings(List<HostPort> servers, String clientId, Duration deliveryTimeout, KafkaSecurity security) {
    private static final Setting<List<HostPort>> SERVERS =
            Setting.addresses("kafka-servers", "Kafka brokers to start from").must("at least one", servers -> !servers.isEmpty());
    private static final Setting<Duration> DELIVERY_TIMEOUT =
            Setting.duration("kafka-delivery-timeout", "How long a message is tried before its sending counts as failed")
                    .must("1s or more", timeout -> timeout.toMillis() >= 1000)
                    .defaultTo(Duration.ofSeconds(15));

    private static final Setting<Optional<KafkaSecurity>> SECURITY = Setting
            .custom(
                    "kafka-client-properties",
                    "File of Kafka's client properties for TLS and SASL, with passwords",
                    "a file that can be read, of properties of Kafka's clients whose names begin with security., sasl. or ssl.",
                    KafkaSecurity::read)
            .optional();

    /** Settings that {@link #from} reads, for the declaration of a service. */
    public static final List<Setting<?>> SETTINGS = List.of(SERVERS, DELIVERY_TIMEOUT, SECURITY);

    public KafkaSettings {
        servers = List.copyOf(servers);
        if (servers.isEmpty()) {
            throw new IllegalArgumentException("servers: none (expected: at least one)");
        }
    }

    /** Creates settings for brokers without authentication. */
    public KafkaSettings(List<HostPort> servers, String clientId, Duration deliveryTimeout) {
        this(servers, clientId, deliveryTimeout, KafkaSecurity.NONE);
    }

    public static KafkaSettings from(Settings settings, String clientId) {
        return new KafkaSettings(
                settings.get(SERVERS),
                clientId,
                settings.get(DELIVERY_TIMEOUT),
                settings.get(SECURITY).orElse(KafkaSecurity.NONE));
    }

    public KafkaSettings withClientId(String other) {
        return new KafkaSettings(servers, other, deliveryTimeout, security);
    }

    public KafkaSettings withDeliveryTimeout(Duration other) {
        return new KafkaSettings(servers, clientId, other, security);
    }

    /** Returns the servers in Kafka's form: {@code host:port,host:port}. */
    public String bootstrapServers() {
        return servers.stream().map(HostPort::toString).collect(Collectors.joining(","));
    }

    /** Returns properties of an idempotent producer that waits for all replicas. */
    public Map<String, Object> producer() {
        var properties = common();
        properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        properties.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        // From a producer that is new to a partition, a broker accepts any first sequence number. If the first batch is refused, as in a topic just
        // created, while a second one is in flight, the second is accepted. The first is then out of order at each retry until it is given up.
        properties.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "zstd");
        properties.put(ProducerConfig.LINGER_MS_CONFIG, 2);
        properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, deliveryTimeout.toMillis());
        properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) (deliveryTimeout.toMillis() / 2));
        properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) deliveryTimeout.toMillis());
        return properties;
    }

    /**
     * Returns properties of a consumer that assigns its own partitions and commits offsets explicitly.
     *
     * @param group group for committed offsets; a consumer that stores its offsets itself uses any name and never commits
     */
    public Map<String, Object> consumer(String group) {
        var properties = common();
        properties.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        properties.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        // The service itself decides what to do if Kafka does not have the consumer's position.
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return properties;
    }

    /** Returns properties of an admin client whose calls fail within the delivery timeout. */
    public Map<String, Object> admin() {
        var properties = common();
        properties.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, (int) (deliveryTimeout.toMillis() / 2));
        properties.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) deliveryTimeout.toMillis());
        return properties;
    }

    private Map<String, Object> common() {
        Map<String, Object> properties = new HashMap<>(security.properties());
        properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers());
        properties.put(CommonClientConfigs.CLIENT_ID_CONFIG, clientId);
        properties.put(CommonClientConfigs.RECONNECT_BACKOFF_MS_CONFIG, 100L);
        properties.put(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, 5_000L);
        properties.put(CommonClientConfigs.ENABLE_METRICS_PUSH_CONFIG, false);
        return properties;
    }
}
