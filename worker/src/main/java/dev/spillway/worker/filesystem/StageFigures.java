package dev.spillway.worker.filesystem;

import dev.spillway.worker.core.model.NotKept;
import java.util.Map;

/**
 * Figures of a staged tree.
 *
 * @param way way in which the content came into staging
 * @param directories including the root
 * @param files regular files, a hard-linked one once
 * @param links further names of hard-linked files
 * @param reflinkedFiles files that share their blocks with the source by FICLONE
 * @param notKept number of entries that lost something, by kind; attributes of users are always kept
 */
public record StageFigures(
        Way way,
        long directories,
        long files,
        long symbolicLinks,
        long links,
        long reflinkedFiles,
        Map<NotKept, Long> notKept) {
    /** Returns the number of names in the tree, the root included. */
    public long entries() {
        return directories + files + symbolicLinks + links;
    }

    /** The way in which the content came into staging. */
    public enum Way {
        COPIED,
        REFLINKED,
        /** Asked for as a reflink, but at least one file could not share its blocks and was copied. */
        PARTLY_REFLINKED,
        /** The source itself was renamed into staging. */
        RENAMED,
        EXTRACTED,
        /** Written by this process. */
        WRITTEN
    }
}
