package dev.spillway.worker.core.model;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.GroupName;
import org.jspecify.annotations.Nullable;

/**
 * The attributes that an artifact has and a directory has not.
 *
 * @param content digest of what it contains
 * @param group the group that it is evicted with; absent for none
 * @param number its place in the order of this host's puts; 0 until it is accepted. The order of ids is not reliable, because clocks may be set back
 */
public record ArtifactInfo(ContentDigest content, @Nullable GroupName group, long number) {
    /** Describes an artifact that is not accepted yet. */
    public ArtifactInfo(ContentDigest content, @Nullable GroupName group) {
        this(content, group, 0);
    }

    public ArtifactInfo numbered(long place) {
        return new ArtifactInfo(content, group, place);
    }
}
