package dev.spillway.cli.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.spillway.api.RequestTarget;
import dev.spillway.cli.option.Server;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** The items of a list, fetched page by page, as the server sent them. */
public record Pages(List<JsonNode> items) {
    private static final int PAGE = 1_000;

    /** @param limit largest number of items in total */
    public static Pages fetch(Server server, RequestTarget list, long limit) throws InterruptedException {
        List<JsonNode> items = new ArrayList<>();
        String after = null;
        do {
            RequestTarget page = list.with("limit", Math.min(PAGE, limit - items.size())).with("after", after);
            JsonNode answer = server.get(page).json();
            if (!(answer.get("items") instanceof ArrayNode found)) {
                throw Server.notUnderstood("items: missing (expected: an array)");
            }
            found.forEach(items::add);
            after = answer.path("next").textValue();
        } while (after != null && items.size() < limit);
        return new Pages(items);
    }

    public <T> List<T> as(Class<T> type) {
        return items.stream().map(item -> {
            try {
                return Server.mapper().treeToValue(item, type);
            } catch (JsonProcessingException e) {
                throw Server.notUnderstood(e.getOriginalMessage());
            }
        }).toList();
    }

    /** Prints all items as one list. */
    public void printJson(PrintStream out) {
        ArrayNode all = Server.mapper().createArrayNode().addAll(items);
        out.println(Server.mapper().createObjectNode().set("items", all));
    }
}
