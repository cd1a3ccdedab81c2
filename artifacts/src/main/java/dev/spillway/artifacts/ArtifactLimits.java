package dev.spillway.artifacts;

/**
 * The bounds of a store.
 *
 * @param maxEntries largest number of artifacts
 * @param maxBytes largest sum of the bytes of all artifacts
 * @param maxArtifactBytes largest size of one artifact in bytes; a larger one is refused
 */
public record ArtifactLimits(long maxEntries, long maxBytes, long maxArtifactBytes) {
    /** 65,536 artifacts, 4 GiB in all, and 64 MiB for one artifact. */
    public static final ArtifactLimits DEFAULT = new ArtifactLimits(65_536, 4L << 30, 64L << 20);

    public ArtifactLimits {
        if (maxEntries < 1 || maxBytes < 1 || maxArtifactBytes < 0) {
            throw new IllegalArgumentException(
                    "limits: %d entries, %d bytes, %d bytes for one (expected: 1 or more of the first two, 0 or more of the last)"
                            .formatted(maxEntries, maxBytes, maxArtifactBytes));
        }
    }
}
