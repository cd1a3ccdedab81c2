package dev.spillway.worker.http;

import dev.spillway.api.Problem;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.CopyState;
import dev.spillway.api.body.WorkerStatus;
import dev.spillway.events.HostId;
import dev.spillway.events.StoreId;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Response;
import dev.spillway.worker.core.model.Membership;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.host.HostView;
import dev.spillway.worker.host.artifact.HostArtifacts;
import dev.spillway.worker.host.directory.Deletions;
import dev.spillway.worker.host.directory.Directories;
import dev.spillway.worker.host.directory.Prunes;
import dev.spillway.worker.host.directory.TreePuts;
import dev.spillway.worker.host.pager.HostPagers;
import dev.spillway.worker.http.cache.CacheRoutes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** All routes of a worker. */
public final class WorkerRoutes {
    /** Resource with the OpenAPI description of the routes. */
    public static final String OPEN_API = "/dev/spillway/schemas/http/worker.yaml";

    private WorkerRoutes() {}

    /**
     * The parts of a worker that its routes call.
     *
     * @param address where the worker listens, known once it does
     * @param pace    lowest rate of uploads
     * @param storeGone reason why the store is not where it was opened; empty while it is
     */
    public record Host(
            HostId id,
            StoreId storeId,
            Supplier<String> address,
            HostView view,
            Directories directories,
            TreePuts puts,
            HostArtifacts artifacts,
            HostPagers pagers,
            Deletions deletions,
            Prunes prunes,
            ImageStore store,
            InstantSource clock,
            Duration holdMax,
            UploadPace pace,
            Supplier<Optional<String>> storeGone) {}

    /** Returns the problem that a client gets for an exception of the host; empty for others. */
    public static Optional<Problem> failure(Throwable failure) {
        return HostProblems.of(failure);
    }

    public static List<Endpoint> of(Host host) {
        List<Endpoint> endpoints = new ArrayList<>();
        endpoints.addAll(new DirectoryPuts(host.id(), host.puts(), host.pace()).endpoints());
        endpoints.addAll(
                new DirectoryRoutes(host.id(), host.storeId(), host.directories(), host.deletions(), host.prunes(), host.holdMax())
                        .endpoints());
        endpoints.addAll(new HoldRoutes(host.directories(), host.view(), host.store(), host.clock(), host.holdMax()).endpoints());
        endpoints.addAll(new ArtifactRoutes(host.id(), host.storeId(), host.artifacts(), host.deletions()).endpoints());
        endpoints.addAll(new CacheRoutes(host.id(), host.artifacts(), host.deletions(), host.clock()).endpoints());
        endpoints.addAll(new PagerRoutes(host.id(), host.pagers(), host.directories()).endpoints());
        endpoints.replaceAll(endpoint -> endpoint.guarded(() -> HostProblems.requireStore(host.storeGone().get())));
        endpoints.add(Endpoint.of(WorkerApi.GET_STATUS, request -> Response.ok(status(host))));
        return endpoints;
    }

    private static WorkerStatus status(Host host) {
        HostView view = host.view();
        HostView.Status status = view.status();
        Membership membership = view.membership();
        OrderPosition position = view.position().orElse(null);
        return new WorkerStatus(
                host.id(),
                host.storeId(),
                host.address().get(),
                status.joined(),
                status.refusal(),
                status.unreachable(),
                status.draining(),
                membership.registryId(),
                membership.epoch(),
                membership.incarnation(),
                membership.suspended(),
                named(view.counts()),
                named(view.bytes()),
                view.holds().size(),
                position == null ? null : position.partition(),
                position == null ? null : position.nextOffset());
    }

    private static Map<CopyState, Long> named(Map<ReplicaState, Long> figures) {
        Map<CopyState, Long> named = new EnumMap<>(CopyState.class);
        figures.forEach((state, figure) -> named.put(CopyState.valueOf(state.name()), figure));
        return named;
    }
}
