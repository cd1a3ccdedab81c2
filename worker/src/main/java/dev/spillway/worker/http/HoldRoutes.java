package dev.spillway.worker.http;

import dev.spillway.api.Durations;
import dev.spillway.api.Role;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.CopyState;
import dev.spillway.api.body.Holds;
import dev.spillway.events.InvalidValueException;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Paging;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.service.identity.Identity;
import dev.spillway.worker.core.model.Hold;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.host.HostView;
import dev.spillway.worker.host.directory.Directories;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Routes to list, extend and release holds. A read of a directory grants them. */
final class HoldRoutes {

    private final Directories directories;
    private final HostView view;
    private final ImageStore store;
    private final InstantSource clock;
    private final Duration holdMax;

    HoldRoutes(Directories directories, HostView view, ImageStore store, InstantSource clock, Duration holdMax) {
        this.directories = directories;
        this.view = view;
        this.store = store;
        this.clock = clock;
        this.holdMax = holdMax;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.of(WorkerApi.LIST_HOLDS, this::list),
                Endpoint.of(WorkerApi.EXTEND_HOLD, this::extend).json(),
                Endpoint.of(WorkerApi.RELEASE_HOLD, this::release));
    }

    private Response list(Request request) {
        Paging paging = Paging.of(request, "holds");
        Optional<HoldPlace> after = Optional.ofNullable(paging.after()).map(HoldPlace::parse);
        List<Hold> found = view.holds()
                .stream()
                .filter(hold -> isFor(request, hold))
                .filter(hold -> after.isEmpty() || HoldPlace.of(hold).compareTo(after.get()) > 0)
                .sorted(Comparator.comparing(HoldPlace::of))
                .limit(paging.limit() + 1L)
                .toList();
        return Response.ok(paging.page(found, hold -> HoldPlace.of(hold).toString(), this::answer));
    }

    private Response extend(Request request) throws Exception {
        UUID id = requireOwn(request);
        Instant until = until(request.body(Holds.Extend.class));
        Hold extended = directories.extend(id, until).orElseThrow(() -> HostProblems.unknownHold(id));
        return Response.ok(answer(extended));
    }

    private Instant until(Holds.Extend body) {
        Instant now = clock.instant();
        if ((body.until() == null) == (body.duration() == null)) {
            throw new InvalidValueException(
                    "body",
                    "until and duration " + (body.until() == null ? "missing" : "both given"),
                    "one of until and duration");
        }
        if (body.duration() != null) {
            return now.plus(Durations.parse("duration", body.duration(), holdMax));
        }
        Instant until = body.until() == null ? now : body.until();
        if (!until.isAfter(now) || until.isAfter(now.plus(holdMax))) {
            throw new InvalidValueException("until", until, "after now, " + now + ", by at most " + holdMax);
        }
        return until;
    }

    private Response release(Request request) throws Exception {
        UUID id = requireOwn(request);
        if (!directories.release(id)) {
            throw HostProblems.unknownHold(id);
        }
        return Response.noContent();
    }

    /**
     * Returns the id of a hold that the client may change. A hold in a namespace that its token does not cover is answered as unknown. A hold of
     * another client is for operators alone.
     */
    private UUID requireOwn(Request request) {
        UUID id = id(request);
        Optional<Hold> found = view.hold(id);
        if (found.filter(hold -> !isFor(request, hold)).isPresent()) {
            throw HostProblems.unknownHold(id);
        }
        Optional<Identity> asking = request.identity().filter(identity -> identity.role() != Role.OPERATOR);
        String owner = found.map(Hold::owner).orElse(null);
        if (asking.isPresent() && owner != null && !owner.equals(asking.get().name())) {
            throw HostProblems.anothersHold(id);
        }
        return id;
    }

    private boolean isFor(Request request, Hold hold) {
        return request.identity().isEmpty()
                || request.identity().get().isFor(view.replica(hold.replicaId()).map(held -> held.name().namespace()).orElse(null));
    }

    private static UUID id(Request request) {
        return request.parameter("id", text -> {
            try {
                UUID id = UUID.fromString(text);
                if (id.toString().equals(text)) {
                    return id;
                }
            } catch (IllegalArgumentException e) {
                throw new InvalidValueException("id", text, "the UUID of a hold");
            }
            throw new InvalidValueException("id", text, "the UUID of a hold, in lower case");
        });
    }

    private Holds.Held answer(Hold hold) {
        Optional<ReplicaRecord> replica = view.replica(hold.replicaId());
        return new Holds.Held(
                hold.id(),
                hold.until(),
                replica.map(held -> held.name().namespace()).orElse(null),
                replica.map(held -> held.name().key()).orElse(null),
                replica.map(ReplicaRecord::generation).orElse(null),
                replica.map(held -> CopyState.valueOf(held.state().name())).orElse(null),
                store.imagePath(replica.map(ReplicaRecord::image).orElse(hold.replicaId()).value()).toString(),
                hold.owner());
    }
}
