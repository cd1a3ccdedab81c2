package dev.spillway.cli.client;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Puts the lines of a stream of Server-Sent Events together. Used by one thread. */
final class EventLines {
    /**
     * One event.
     *
     * @param id absent where it leaves the last one as it is
     */
    record Event(@Nullable String id, String name, String data) {}

    private @Nullable String id;
    private String name = "message";
    private final StringBuilder data = new StringBuilder();

    void take(String line, Consumer<Event> events) {
        if (line.isEmpty()) {
            if (!data.isEmpty()) {
                events.accept(new Event(id, name, data.substring(0, data.length() - 1)));
            }
            id = null;
            name = "message";
            data.setLength(0);
            return;
        }
        int colon = line.indexOf(':');
        String field = colon < 0 ? line : line.substring(0, colon);
        String value = colon < 0 ? "" : line.substring(colon + 1).replaceFirst("^ ", "");
        switch (field) {
            case "id" -> id = value;
            case "event" -> name = value;
            case "data" -> data.append(value).append('\n');
            default -> {
                // Comments keep the connection alive; other fields are for other clients.
            }
        }
    }
}
