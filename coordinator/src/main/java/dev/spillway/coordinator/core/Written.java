package dev.spillway.coordinator.core;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.GroupName;
import dev.spillway.events.HostId;
import org.jspecify.annotations.Nullable;

/**
 * Statements of the writers of an entry's generation, beside its snapshot.
 *
 * @param content content of an artifact; absent until somebody states it
 * @param by      host of the generation's first registration; absent while it was put at the registry alone
 * @param group   group that it was put with last; absent for none
 */
public record Written(@Nullable ContentDigest content, @Nullable HostId by, @Nullable GroupName group) {
    public static final Written NONE = new Written(null, null, null);

    /** Returns whether both may be of one image: two stated contents are the same. */
    boolean agreesWith(Written other) {
        return content == null || other.content == null || content.equals(other.content);
    }

    /** Returns this in another group. */
    Written in(GroupName other) {
        return new Written(content, by, other);
    }

    /** Returns this with what a later put of the same image adds. A put without a group leaves the entry in its own. */
    Written joinedBy(Written later) {
        return new Written(content == null ? later.content : content, by == null ? later.by : by,
                later.group == null ? group : later.group);
    }
}
