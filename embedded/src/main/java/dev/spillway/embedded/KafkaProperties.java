package dev.spillway.embedded;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The broker's configuration: one node that is broker and controller, on loopback, with little to recover. */
final class KafkaProperties {
    static final int NODE_ID = 1;
    static final String CLIENTS = "PLAINTEXT";
    static final String CONTROLLER = "CONTROLLER";

    /** Properties that {@link #of} sets and that settings must not change. */
    static final Set<String> FIXED = Set.of(
            "process.roles",
            "node.id",
            "listeners",
            "advertised.listeners",
            "controller.listener.names",
            "controller.quorum.voters",
            "log.dirs",
            "log.dir",
            "metadata.log.dir",
            "log.retention.ms",
            "auto.create.topics.enable",
            "server.max.startup.time.ms");

    private KafkaProperties() {}

    static Map<String, String> of(EmbeddedKafkaSettings settings, Path data, int port, int controllerPort) {
        Map<String, String> properties = new HashMap<>();
        properties.put("num.partitions", "1");
        properties.put("default.replication.factor", "1");
        properties.put("group.initial.rebalance.delay.ms", "0");
        // Each partition costs files to open and recover at every start, also after kill -9.
        for (String topic : Set.of("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")) {
            properties.put(topic + ".num.partitions", "4");
            properties.put(topic + ".replication.factor", "1");
        }
        properties.put("transaction.state.log.min.isr", "1");
        properties.put("share.coordinator.state.topic.min.isr", "1");
        // Sized for one machine's development fleet. The cleaner alone would take 128 MiB of heap.
        properties.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
        properties.put("log.segment.bytes", Integer.toString(128 << 20));
        properties.put("num.network.threads", "2");
        properties.put("num.io.threads", "4");
        properties.put("background.threads", "2");
        // The registration of a killed broker stays valid for this long and keeps the next one out. A short session is
        // safe, because broker and controller share one process.
        properties.put("broker.session.timeout.ms", "3000");
        properties.put("broker.heartbeat.interval.ms", "500");
        properties.put("metric.reporters", "");
        properties.putAll(settings.properties());

        properties.put("process.roles", "broker,controller");
        properties.put("node.id", Integer.toString(NODE_ID));
        properties.put("listeners", CLIENTS + "://127.0.0.1:" + port + "," + CONTROLLER + "://127.0.0.1:" + controllerPort);
        properties.put("advertised.listeners", CLIENTS + "://127.0.0.1:" + port);
        properties.put("controller.listener.names", CONTROLLER);
        properties.put("controller.quorum.voters", NODE_ID + "@127.0.0.1:" + controllerPort);
        properties.put("log.dirs", data.toString());
        properties.put("log.retention.ms", Long.toString(settings.retention().toMillis()));
        properties.put("auto.create.topics.enable", "false");
        properties.put("server.max.startup.time.ms", Long.toString(settings.startTimeout().toMillis()));
        return properties;
    }
}
