package dev.spillway.dev.fleet;

import dev.spillway.dev.fleet.ChaosClient.Act;
import java.util.ArrayList;
import java.util.List;

/**
 * A place in a service's code before which its process is killed.
 *
 * @param leading   the act of a client that leads there
 * @param what      is true at that moment
 * @param type      the class, by its full name
 * @param method    is just entered
 * @param of        where the value lies that must be of a type: {@code this} or the number of an argument, then names of fields; empty for any call
 * @param valueType the end of that type's name
 */
record KillPoint(Act leading, String what, String type, String method, List<String> of, String valueType) {
    private static final String COORDINATOR = "dev.spillway.coordinator.";
    private static final String WORKER = "dev.spillway.worker.";

    /** In the order in which a coordinator meets them: the reports first, because a group waits for a member that was killed. */
    static List<KillPoint> ofCoordinator() {
        return List.of(
                at(Act.PUT, "reports are committed, their offsets are not", COORDINATOR + "kafka.ReportConsumer", "commit"),
                committed(Act.PUT, "a registration is committed, its worker does not know", "message", "RegisterRequest"),
                at(Act.PUT, "orders are claimed, none is sent", COORDINATOR + "kafka.OrderPublication", "message"),
                committed(Act.PUT_OUTSIDE, "a put without a host is committed, its caller does not know", "command", "Command$Put"),
                at(Act.PUT, "facts are claimed, none is sent", COORDINATOR + "kafka.FactPublication", "message"),
                committed(Act.DELETE, "a deletion is committed, its caller does not know", "command", "Command$Invalidate"),
                at(Act.PUT, "orders are with Kafka, which nobody noted", COORDINATOR + "kafka.OrderPublication", "settle"),
                committed(Act.PUT, "a heartbeat's confirmations are committed, its worker does not know", "message", "HeartbeatRequest"),
                at(Act.PUT, "facts are with Kafka, which nobody noted", COORDINATOR + "kafka.FactPublication", "settle"));
    }

    /** Only reached when a worker starts. */
    static KillPoint ofCoordinatorAtJoin() {
        return committed(Act.PUT, "a join is committed, its worker does not know", "message", "JoinRequest");
    }

    static List<KillPoint> ofWorkers() {
        return List.of(
                at(Act.PUT, "an image is in its place, the index does not know it", WORKER + "host.HostLoop", "register"),
                new KillPoint(
                        Act.PUT,
                        "a replica id is durable, its registration is not sent",
                        WORKER + "registry.RegistryClient",
                        "send",
                        List.of("0"),
                        "RegisterRequest"),
                new KillPoint(
                        Act.PUT,
                        "a registration is answered, the index says pending",
                        WORKER + "core.HostAgent",
                        "delivered",
                        List.of("1"),
                        "RegisterRequest"),
                new KillPoint(
                        Act.PUT,
                        "a replica is live, its putter does not know",
                        WORKER + "host.EffectRunner",
                        "carryOut",
                        List.of("0"),
                        "Effect$Settle"),
                at(Act.PUT, "an order is read, nothing is decided", WORKER + "core.HostAgent", "ordered"),
                at(Act.PUT, "an order is decided and the offset moved, the image is in its place", WORKER + "host.Removals", "toTrash"),
                at(Act.PUT, "an image is in the trash, the index does not know it", WORKER + "core.HostAgent", "trashed"),
                at(Act.PUT, "an image is in the trash by the index too, nothing is unlinked", WORKER + "host.Removals", "unlinkNow"),
                at(Act.PUT, "an image is unlinked, the index does not know it", WORKER + "core.HostAgent", "unlinked"),
                at(Act.PUT, "an image is gone by the index too, nothing is reported", WORKER + "kafka.ReportSender", "publish"),
                at(
                        Act.DELETE_AT_HOST,
                        "a deletion is answered by the registry, this host has noted nothing",
                        WORKER + "host.directory.Deletions",
                        "settled"),
                at(Act.READ, "a hold is wanted, nothing of it is durable", WORKER + "core.HostAgent", "hold"),
                new KillPoint(
                        Act.PUT,
                        "a join is answered, the index names the old incarnation",
                        WORKER + "core.HostAgent",
                        "delivered",
                        List.of("1"),
                        "JoinRequest"));
    }

    private static KillPoint at(Act leading, String what, String type, String method) {
        return new KillPoint(leading, what, type, method, List.of(), "");
    }

    /** Returns the point at which a command of the registry is committed and nobody was answered. */
    private static KillPoint committed(Act leading, String what, String... fieldsAndType) {
        List<String> path = new ArrayList<>(List.of("this", "command"));
        path.addAll(List.of(fieldsAndType).subList(0, fieldsAndType.length - 1));
        return new KillPoint(leading, what, COORDINATOR + "postgres.Pending", "answer", path, fieldsAndType[fieldsAndType.length - 1]);
    }

    String place() {
        return type.substring("dev.spillway.".length()) + "." + method + (valueType.isEmpty() ? "" : " with " + valueType);
    }
}
