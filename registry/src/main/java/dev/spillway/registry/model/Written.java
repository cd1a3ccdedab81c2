package dev.spillway.registry.model;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.GroupName;
import dev.spillway.events.HostId;
import org.jspecify.annotations.Nullable;

/**
 * Details that the writers of an entry's generation have stated, besides its snapshot.
 *
 * @param content digest of an artifact's content; absent until a writer states it
 * @param by      host that first registered the generation; absent if it was only put directly at the registry
 * @param group   group of the latest put that named one; absent for none
 */
public record Written(@Nullable ContentDigest content, @Nullable HostId by, @Nullable GroupName group) {
    public static final Written NONE = new Written(null, null, null);

    /** Returns whether both may describe one image: their contents are equal, or one states none. */
    public boolean agreesWith(Written other) {
        return content == null || other.content == null || content.equals(other.content);
    }

    /** Returns the same details with another group. */
    public Written in(GroupName other) {
        return new Written(content, by, other);
    }

    /** Returns these details with those that a later put of the same image adds. A put without a group leaves the entry in its group. */
    public Written joinedBy(Written later) {
        return new Written(
                content == null ? later.content : content,
                by == null ? later.by : by,
                later.group == null ? group : later.group);
    }
}
