package dev.spillway.bench.http;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import dev.spillway.bench.measure.Scenario;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.Order;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.StoreId;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.events.codec.EventMessage;
import dev.spillway.events.codec.MessageKey;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * An order that a coordinator writes and a report that it reads, as Kafka carries them, each without and with the proof of its host's key. The key is
 * derived for each message, as the coordinator does. Without Kafka.
 */
final class ProvenMessages {
    private static final HostId HOST = new HostId("host-1");
    private static final StoreId STORE = StoreId.parse("0190a000-0000-7000-8000-000000000001");
    private static final ReplicaId REPLICA = ReplicaId.parse("0190a000-0000-7000-8000-000000000002");
    private static final EvictionId EVICTION = EvictionId.parse("0190a000-0000-7000-8000-000000000003");

    private final EventCodec codec = new EventCodec("/spillway/bench");
    private final byte[] secret = new byte[MessageKey.BYTES];
    private final Order order = new Order(
            REPLICA,
            HOST,
            STORE,
            new NamespaceName("bench"),
            new EntryKey("a".repeat(64)),
            1_000_000,
            EVICTION,
            OrderCause.CAPACITY,
            1,
            Instant.parse("2026-03-01T10:00:00Z"));
    private final Map<String, String> headers;
    private final byte[] value;

    ProvenMessages() {
        new SecureRandom().nextBytes(secret);
        EventMessage report = codec.encode(new Report(REPLICA, HOST, STORE, Report.Result.DELETED, null, null, 4096), Instant.EPOCH)
                .provenBy(key());
        headers = report.headers();
        value = report.json().getBytes(StandardCharsets.UTF_8);
    }

    private MessageKey key() {
        return MessageKey.of(secret, HOST);
    }

    /** Returns each line without the proof, and behind it the same with it. */
    List<Scenario> scenarios() {
        return List.of(
                scenario("order written", () -> codec.encode(order)),
                scenario("order written, proven", () -> codec.encode(order).provenBy(key())),
                scenario("report read", () -> codec.decode(Report.class, headers, value)),
                scenario("report read, proven", () -> {
                    if (!key().proves(headers, value)) {
                        throw new BenchmarkFailedException("a report is not proven (expected: by the key of its host)");
                    }
                    return codec.decode(Report.class, headers, value);
                }));
    }

    private interface Work {
        Object once() throws Exception;
    }

    private static Scenario scenario(String name, Work work) {
        return new Scenario(name, "messages", 1, 1, new Load() {
            @Override
            public MeasuredOperation caller(int number) {
                return () -> {
                    work.once();
                    return MeasuredOperation.Outcome.DONE;
                };
            }

            @Override
            public void verify(long done) {}
        });
    }
}
