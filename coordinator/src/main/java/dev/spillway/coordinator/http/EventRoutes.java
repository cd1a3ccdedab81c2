package dev.spillway.coordinator.http;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries;
import dev.spillway.registry.RegistryQueries.ActivityPage;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.trail.Activity;
import dev.spillway.registry.trail.ActivityCursor;
import dev.spillway.service.Wakeup;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.service.http.ResponseStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Route of the fleet's events, as Server-Sent Events. */
final class EventRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(EventRoutes.class);
    private static final String LAST_EVENT_ID = "Last-Event-ID";
    private static final int PAGE = 500;
    /** Commits of other coordinators do not wake this one, so it also looks at intervals. */
    private static final Duration LOOK_AT_LEAST_EVERY = Duration.ofSeconds(1);

    private final Registry registry;
    private final Wakeup activity = new Wakeup();

    EventRoutes(Registry registry) {
        this.registry = registry;
        registry.onCommit(wake -> {
            if (wake.activity()) {
                activity.wake();
            }
        });
    }

    List<Endpoint> endpoints() {
        return List.of(Endpoint.of(CoordinatorApi.FOLLOW_EVENTS, this::follow));
    }

    private Response follow(Request request) {
        @Nullable
        ActivityCursor lastSeen = request.header(LAST_EVENT_ID)
                .filter(id -> !id.isEmpty())
                .map(id -> ActivityCursor.parse(LAST_EVENT_ID, id))
                .orElse(null);
        // The first page is read before the stream begins, so that an unavailable registry is answered with a problem.
        long seen = activity.seen();
        ActivityPage first = registry.queries().activity(lastSeen, PAGE);
        return Response.events(events -> send(events, first, seen));
    }

    private void send(ResponseStream events, ActivityPage first, long seenFirst) throws IOException, InterruptedException {
        // A client that loses the connection before the first event can resume at this position.
        if (first.items().isEmpty() && !first.gap()) {
            events.send(first.next().toString(), "start", Map.of());
        }
        ActivityPage page = first;
        long seen = seenFirst;
        while (true) {
            if (page.gap()) {
                // The event's id is the position at which reading continues, so that a client that resumes there does not get the gap again.
                events.send(
                        page.next().toString(),
                        "gap",
                        Map.of("expected", "everything since the last event", "actual", "some of it is no longer kept"));
            }
            for (RegistryQueries.Recorded recorded : page.items()) {
                events.send(recorded.cursor().toString(), name(recorded.activity()), recorded.activity());
            }
            if (!page.gap() && page.items().size() < PAGE) {
                activity.await(seen, LOOK_AT_LEAST_EVERY);
            }
            seen = activity.seen();
            page = next(page.next());
        }
    }

    private ActivityPage next(ActivityCursor after) {
        try {
            return registry.queries().activity(after, PAGE);
        } catch (RegistryUnavailableException e) {
            LOG.debug("events: {}, looking again in {}", e.getMessage(), LOOK_AT_LEAST_EVERY);
            return new ActivityPage(List.of(), after, false);
        }
    }

    private static String name(Activity activity) {
        return switch (activity) {
            case Activity.Evicted _ -> "eviction";
            case Activity.Confirmed _ -> "confirmation";
            case Activity.HostChanged _ -> "host";
            case Activity.Restored _ -> "restored";
        };
    }
}
