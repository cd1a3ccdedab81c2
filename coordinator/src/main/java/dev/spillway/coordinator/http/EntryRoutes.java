package dev.spillway.coordinator.http;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Entries;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries.EntryView;
import dev.spillway.registry.RegistryQueries.Page;
import dev.spillway.registry.RegistryQueries.ReplicaView;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.InUse;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Paging;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Routes of entries: put, get, delete and list. */
final class EntryRoutes {

    private final Registry registry;
    private final Commands commands;
    private final Backlog backlog;

    EntryRoutes(Registry registry, Backlog backlog) {
        this.registry = registry;
        this.commands = new Commands(registry);
        this.backlog = backlog;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.of(CoordinatorApi.PUT_ENTRY, this::put).json(),
                Endpoint.of(CoordinatorApi.GET_ENTRY, this::get),
                Endpoint.of(CoordinatorApi.DELETE_ENTRY, this::delete),
                Endpoint.of(CoordinatorApi.LIST_ENTRIES, this::list),
                Endpoint.of(CoordinatorApi.LIST_SNAPSHOTS, this::snapshots));
    }

    static EntryName name(Request request) {
        return new EntryName(NamespaceRoutes.namespace(request), request.parameter("key", EntryKey::new));
    }

    private Response put(Request request) {
        EntryName name = name(request);
        Entries.Put body = request.body(Entries.Put.class);
        long sizeBytes = body.sizeBytes() == null ? 0 : body.sizeBytes();
        InvalidValueException.requireAtLeast("sizeBytes", sizeBytes, 0);
        Description description = new Description(
                body.description() == null ? "" : body.description(),
                body.labels() == null ? new TreeMap<>() : body.labels());
        backlog.requireRoom();
        return switch (commands.run(
                request,
                Commands.Target.of("PUT entry", name.namespace(), name.key()),
                new Command.Put(name, body.snapshotId(), sizeBytes, description))) {
            case Outcomes.Putting.Stored(var generation, var replaced, var evicted) ->
                    Response.ok(new Entries.Stored(generation, replaced, evicted));
            case Outcomes.Putting.Refused refused -> throw RegistryProblems.notStored(name.namespace(), refused);
        };
    }

    private Response get(Request request) {
        EntryName name = name(request);
        boolean touch = request.query().flag("touch").orElse(true);
        boolean count = request.query().flag("count").orElse(true);
        if (!touch) {
            return Response.ok(answer(registry.queries().entry(name).orElseThrow(() -> RegistryProblems.missing(registry, name)), true));
        }
        Command.Get.Trace trace = request.isHead() ? Command.Get.Trace.NONE
                : count ? Command.Get.Trace.COUNTED_USE : Command.Get.Trace.USE;
        return switch (registry.execute(new Command.Get(name, trace))) {
            // The replicas are read after the touch. If the entry changed in between, the answer has no replicas.
            case Outcomes.Getting.Hit(var row) -> Response.ok(
                    answer(
                            row,
                            registry.queries()
                                    .entry(name)
                                    .filter(view -> view.generation() == row.generation())
                                    .map(EntryView::replicas)
                                    .orElse(List.of())));
            case Outcomes.Getting.Miss() -> throw RegistryProblems.missing(registry, name);
        };
    }

    private Response delete(Request request) {
        EntryName name = name(request);
        SnapshotId expected = request.query().value("ifSnapshot", SnapshotId::new).orElse(null);
        return switch (commands.run(
                request,
                Commands.Target.of("DELETE entry", name.namespace(), name.key(), expected == null ? "" : expected),
                new Command.Invalidate(name, expected))) {
            case Outcomes.Invalidation.Invalidated(var snapshotId) -> Response.ok(new Entries.Deleted(snapshotId));
            case Outcomes.Invalidation.Absent() -> throw RegistryProblems.missing(registry, name);
            case Outcomes.Invalidation.Mismatch(var actual) ->
                    throw RegistryProblems.otherSnapshot(expected == null ? actual : expected, actual);
        };
    }

    private Response list(Request request) {
        NamespaceName namespace = existing(request);
        Paging paging = Paging.of(request, "entries of " + namespace);
        @Nullable
        String prefix = request.query()
                .value("prefix", text -> text.isEmpty() ? "" : new EntryKey(text).value())
                .filter(text -> !text.isEmpty())
                .orElse(null);
        Map<String, String> labels = request.query().value("label", EntryRoutes::label).orElse(Map.of());
        Page<EntryView> page = registry.queries().entries(namespace, prefix, labels, paging.after(), paging.limit());
        return Response.ok(paging.page(page.items(), page.next(), view -> answer(view, false)));
    }

    /** Reads a label that entries must carry, as {@code name=value}. */
    private static Map<String, String> label(String text) {
        int equals = text.indexOf('=');
        if (equals < 1) {
            throw new InvalidValueException("label", text, "name=value");
        }
        SortedMap<String, String> label = new TreeMap<>(Map.of(text.substring(0, equals), text.substring(equals + 1)));
        return new Description("", label).labels();
    }

    private Response snapshots(Request request) {
        NamespaceName namespace = existing(request);
        Paging paging = Paging.of(request, "snapshots of " + namespace);
        @Nullable
        String after = paging.after() == null ? null : new SnapshotId(paging.after()).value();
        Page<SnapshotId> page = registry.queries().snapshots(namespace, after, paging.limit());
        return Response.ok(paging.page(page.items(), page.next(), snapshotId -> snapshotId));
    }

    private NamespaceName existing(Request request) {
        NamespaceName name = NamespaceRoutes.namespace(request);
        if (registry.queries().namespace(name).isEmpty()) {
            throw RegistryProblems.unknownNamespace(name);
        }
        return name;
    }

    private static Entries.Entry answer(EntryView view, boolean withReplicas) {
        return new Entries.Entry(
                view.name().namespace(),
                view.name().key(),
                view.snapshotId(),
                view.generation(),
                view.sizeBytes(),
                view.description().text(),
                view.description().labels(),
                view.createdAt(),
                view.lastAccessedAt(),
                view.written().content(),
                view.written().by(),
                view.written().group(),
                view.pin() == null ? null : PinRoutes.answer(view.pin()),
                withReplicas ? replicas(view.replicas()) : null);
    }

    private static Entries.Entry answer(EntryRow row, List<ReplicaView> replicas) {
        return new Entries.Entry(
                row.name().namespace(),
                row.name().key(),
                row.snapshotId(),
                row.generation(),
                row.sizeBytes(),
                row.description().text(),
                row.description().labels(),
                row.createdAt(),
                row.lastAccessedAt(),
                row.written().content(),
                row.written().by(),
                row.written().group(),
                row.pin() == null ? null : PinRoutes.answer(row.pin()),
                replicas(replicas));
    }

    private static List<Entries.Replica> replicas(List<ReplicaView> views) {
        return views.stream()
                .map(
                        view -> new Entries.Replica(
                                view.replicaId(),
                                view.hostId(),
                                view.storeId(),
                                view.address(),
                                Entries.ReplicaState.valueOf(view.state()),
                                view.registeredAt(),
                                answer(view.inUse())))
                .toList();
    }

    private static Entries.@Nullable Held answer(@Nullable InUse inUse) {
        return inUse == null ? null : new Entries.Held(inUse.until(), inUse.holds());
    }
}
