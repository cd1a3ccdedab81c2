package dev.spillway.worker.core;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.GroupName;
import org.jspecify.annotations.Nullable;

/**
 * What an artifact has that a directory has not.
 *
 * @param content what it contains
 * @param group the group that it is evicted with; absent for none
 */
public record ArtifactInfo(ContentDigest content, @Nullable GroupName group) {}
