package dev.spillway.cli.output;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Parses a stream of Server-Sent Events. Not thread-safe. */
public final class EventLines {
    /**
     * One event.
     *
     * @param id absent if the last id stays valid
     */
    public record Event(@Nullable String id, String name, String data) {}

    private @Nullable String id;
    private String name = "message";
    private final StringBuilder data = new StringBuilder();

    public void take(String line, Consumer<Event> events) {
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
                // Comments only keep the connection alive, and other fields are ignored.
            }
        }
    }
}
