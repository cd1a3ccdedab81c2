package dev.spillway.examples.cleaner;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.codec.Json;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Asks the registry which images its entries name. */
final class NamedSnapshots {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private record Page(List<SnapshotId> items, @Nullable String next) {}

    private final ObjectMapper mapper = Json.tolerant();
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT).build();
    private final URI list;

    /** @param list the address of a namespace's snapshots */
    NamedSnapshots(URI list) {
        this.list = list;
    }

    /**
     * Returns all snapshots that entries name now.
     *
     * @throws IOException for any answer but a complete list; the caller must then delete nothing
     */
    Set<SnapshotId> ask() throws IOException, InterruptedException {
        Set<SnapshotId> named = new HashSet<>();
        String query = "?limit=1000";
        while (true) {
            HttpResponse<String> answer =
                    client.send(HttpRequest.newBuilder(URI.create(list + query)).timeout(TIMEOUT).build(), BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IOException(list + ": " + answer.statusCode() + " " + answer.body() + " (expected: 200)");
            }
            Page page = mapper.readValue(answer.body(), Page.class);
            named.addAll(page.items());
            if (page.next() == null) {
                return named;
            }
            query = "?limit=1000&after=" + URLEncoder.encode(page.next(), StandardCharsets.UTF_8);
        }
    }
}
