package dev.spillway.worker.filesystem.archive;

/**
 * Limits on what an archive may unpack to.
 *
 * @param maxEntries names, with directories that are only implied by the paths of others
 * @param maxBytes allocated blocks of the tree
 * @param maxContentBytes length of all files: blocks of zeros become holes, which allocate nothing but take their time
 * @param maxPathBytes length of a path or of a link's target
 */
public record ArchiveLimits(long maxEntries, long maxBytes, long maxContentBytes, int maxPathBytes) {
    private static final long DEFAULT_ENTRIES = 1_000_000;
    private static final long DEFAULT_CONTENT_BYTES = 1L << 40;
    private static final int LONGEST_PATH = 4095;

    public ArchiveLimits {
        requirePositive("maxEntries", maxEntries);
        requirePositive("maxBytes", maxBytes);
        requirePositive("maxContentBytes", maxContentBytes);
        if (maxPathBytes < 1 || maxPathBytes > LONGEST_PATH) {
            throw new IllegalArgumentException("maxPathBytes: %d (expected: 1 to %d)".formatted(maxPathBytes, LONGEST_PATH));
        }
    }

    private static void requirePositive(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException("%s: %d (expected: 1 or more)".formatted(name, value));
        }
    }

    /** Returns limits of a copy that another host of the fleet sends: this many allocated bytes, and paths of 4,095 bytes. */
    public static ArchiveLimits ofCopy(long maxBytes) {
        return new ArchiveLimits(Long.MAX_VALUE, maxBytes, Long.MAX_VALUE, LONGEST_PATH);
    }

    /** Returns limits of this many allocated bytes, 1,000,000 entries, 1 TiB of content, and paths of 4,095 bytes. */
    public static ArchiveLimits ofBytes(long maxBytes) {
        return new ArchiveLimits(DEFAULT_ENTRIES, maxBytes, DEFAULT_CONTENT_BYTES, LONGEST_PATH);
    }
}
