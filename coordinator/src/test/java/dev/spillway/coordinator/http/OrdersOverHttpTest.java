package dev.spillway.coordinator.http;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.spillway.api.body.Evictions;
import dev.spillway.api.body.Orders;
import dev.spillway.api.body.Page;
import dev.spillway.events.EntryKey;
import dev.spillway.events.OrderCause;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.Readoption;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.Sender;
import dev.spillway.registry.decide.Command;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The open orders of a host over HTTP. */
class OrdersOverHttpTest {
    private ServedRegistry http;

    @BeforeEach
    void serve() throws Exception {
        http = new ServedRegistry();
        http.namespace("vm", 10);
    }

    @AfterEach
    void close() {
        http.close();
    }

    private Page<Orders.OpenOrder> orders(String host, String query) throws Exception {
        return http.get("/v1/hosts/" + host + "/orders" + query).is(200).as(new TypeReference<Page<Orders.OpenOrder>>() {});
    }

    @Test
    void ordersThatBelongToNoEvictionAreShownWithThoseThatDo() throws Exception {
        Sender one = http.join("host-1");
        Sender two = http.join("host-2");
        Registration relieved = http.registration("vm", "relieved", "sa");
        http.register(one, relieved);
        http.register(two, http.registration("vm", "relieved", "sa"));
        Registration evicted = http.registration("vm", "evicted", "sb");
        long generation = ((ReplicaOutcome.Registered) http.register(one, evicted)).generation();
        http.delete("/v1/namespaces/vm/entries/evicted").is(200);
        http.pass(Duration.ofSeconds(1));
        http.post("/v1/hosts/host-1/drain").is(200);
        http.registry.execute(new Command.Relieve(100));
        Evictions.Eviction eviction =
                http.get("/v1/evictions").is(200).as(new TypeReference<Page<Evictions.Eviction>>() {}).items().getFirst();

        assertThat(orders("host-1", "").next()).isNull();
        assertThat(orders("host-1", "").items()).containsExactly(
                new Orders.OpenOrder(
                        evicted.replicaId(),
                        evicted.namespace(),
                        new EntryKey("evicted"),
                        evicted.snapshotId(),
                        generation,
                        4096,
                        OrderCause.INVALIDATED,
                        eviction.id(),
                        Orders.State.OPEN,
                        0,
                        ServedRegistry.START,
                        ServedRegistry.START,
                        null,
                        null,
                        null),
                new Orders.OpenOrder(
                        relieved.replicaId(),
                        relieved.namespace(),
                        new EntryKey("relieved"),
                        relieved.snapshotId(),
                        1,
                        4096,
                        OrderCause.RELIEF,
                        null,
                        Orders.State.OPEN,
                        0,
                        http.now.get(),
                        http.now.get(),
                        null,
                        null,
                        null));
        assertThat(orders("host-2", "").items()).isEmpty();

        var deferred = new Report(
                relieved.replicaId(),
                one.hostId(),
                one.storeId(),
                Report.Result.DEFERRED,
                http.now.get().plusSeconds(60),
                null,
                0);
        var failed = new Report(evicted.replicaId(), one.hostId(), one.storeId(), Report.Result.FAILED, null, "no such disk", 0);
        http.worker(one.hostId(), "heartbeat", new HeartbeatRequest(one, HostFigures.NONE, List.of(deferred, failed), 0, 0)).is(200);
        Page<Orders.OpenOrder> first = orders("host-1", "?limit=1");
        assertThat(first.items()).singleElement().satisfies(order -> {
            assertThat(order.lastError()).isEqualTo("FAILED: no such disk");
            assertThat(order.attempts()).isOne();
        });
        Page<Orders.OpenOrder> second = orders("host-1", "?limit=1&after=" + first.next());
        assertThat(second.next()).isNull();
        assertThat(second.items()).singleElement().satisfies(order -> {
            assertThat(order.state()).isEqualTo(Orders.State.DEFERRED);
            assertThat(order.deferredUntil()).isEqualTo(http.now.get().plusSeconds(60));
        });
        String next = String.valueOf(first.next());
        String list = next.substring(0, next.indexOf('.') + 1);
        http.get("/v1/hosts/host-1/orders?after=" + list + "%2B294277-01-01T00:00:00Z,00000000-0000-4000-8000-000000000000")
                .isProblem(
                        400,
                        "invalid-value",
                        "after: +294277-01-01T00:00:00Z,00000000-0000-4000-8000-000000000000 (expected: the next of an earlier page)");
        http.get("/v1/hosts/host-2/orders?after=" + first.next())
                .isProblem(400, "invalid-value", "after: " + first.next() + " (expected: the next of an earlier page)");
        http.get("/v1/hosts/host-1/orders?after=x").isProblem(400, "invalid-value", "after: x (expected: the next of an earlier page)");
        http.get("/v1/hosts/host-1/orders?limit=1001").is(400);
        http.get("/v1/hosts/host-1/orders?state=closed").is(400);
    }

    @Test
    void anOrderThatWaitsAfterARestoreSaysWhatEndsIt() throws Exception {
        Sender before = http.join("host-1");
        http.join("host-2");
        http.join("host-3");
        Registration held = http.registration("vm", "a", "sa");
        long generation = ((ReplicaOutcome.Registered) http.register(before, held)).generation();
        http.post("/v1/registry/restored", "{\"epoch\":1}").is(200);
        Sender sender = http.rejoin(before, generation);
        Readoption hidden = http.readoption(held, generation, false);
        http.worker(sender.hostId(), "readopt", new ReadoptRequest(sender, List.of(hidden), true)).is(200);

        Orders.OpenOrder waits = orders("host-1", "").items().getFirst();
        assertThat(waits.state()).isEqualTo(Orders.State.WAITING);
        assertThat(waits.nextAttemptAt()).isNull();
        assertThat(waits.lastError()).isNull();
        assertThat(waits.waitsFor()).isEqualTo(
                "every host to tell what it holds since the registry's database was restored; "
                        + "host-2, host-3 have not (start their workers, or retire them: spillway retire HOST)");
        http.delete("/v1/hosts/host-3").is(200);
        assertThat(orders("host-1", "").items().getFirst().waitsFor())
                .endsWith("; host-2 has not (start its worker, or retire it: spillway retire host-2)");
        http.delete("/v1/hosts/host-2").is(200);
        assertThat(orders("host-1", "").items().getFirst().waitsFor()).startsWith("the grace after the restore")
                .contains(ServedRegistry.START.plus(Duration.ofMinutes(15)).toString());
        http.pass(Duration.ofMinutes(16));
        http.registry.execute(new Command.Sweep(100));
        assertThat(orders("host-1", "").items().getFirst()).satisfies(order -> {
            assertThat(order.state()).isEqualTo(Orders.State.OPEN);
            assertThat(order.waitsFor()).isNull();
        });
    }
}
