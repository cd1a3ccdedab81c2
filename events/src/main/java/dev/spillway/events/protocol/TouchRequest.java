package dev.spillway.events.protocol;

import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import java.util.List;

/** Local reads since the last touch, keys in the order of their latest use. May be lost in a crash. */
public record TouchRequest(Sender sender, List<Used> used, List<Missed> missed) implements FencedMessage<TouchRequest.Counted> {
    public record Used(EntryName name, long hits) {}

    public record Missed(NamespaceName namespace, long misses) {}

    public record Counted() {}
}
