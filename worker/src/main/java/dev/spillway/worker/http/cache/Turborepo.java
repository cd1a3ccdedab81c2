package dev.spillway.worker.http.cache;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.InvalidValueException;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.worker.host.artifact.HostArtifacts;
import dev.spillway.worker.http.ArtifactBody;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Turborepo: two headers of a put are sent back with its content. Runs also ask for a status and send events. */
final class Turborepo implements Dialect {
    static final String PREFIX = "v8/artifacts/";
    static final String STATUS = PREFIX + "status";
    static final String EVENTS = PREFIX + "events";
    /** Headers that are kept: the duration of the task, and a signature of the content. */
    private static final List<String> KEPT = List.of("x-artifact-duration", "x-artifact-tag");

    static Response status() {
        return Response.ok(Map.of("status", "enabled"));
    }

    @Override
    public void requireKey(EntryName name) {
        if (name.key().value().equals(STATUS) || name.key().value().equals(EVENTS)) {
            throw new InvalidValueException("key", name.key(), "the hash of a task behind " + PREFIX);
        }
    }

    @Override
    public Description description(Request request) {
        TreeMap<String, String> labels = new TreeMap<>();
        KEPT.forEach(name -> request.header(name).ifPresent(value -> labels.put(name, value)));
        return new Description("", labels);
    }

    @Override
    public Response found(Request request, HostArtifacts.Found.Served served) {
        Response answer = ArtifactBody.answer(request, served);
        Map<String, String> labels = served.description().labels();
        for (String name : KEPT) {
            String value = labels.get(name);
            answer = value == null ? answer : answer.header(name, value);
        }
        return answer;
    }

    @Override
    public Response put(boolean isNew) {
        return Response.json(isNew ? 202 : 200, Map.of("urls", List.of()));
    }
}
