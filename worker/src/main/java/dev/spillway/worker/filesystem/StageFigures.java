package dev.spillway.worker.filesystem;

import dev.spillway.worker.core.NotKept;
import java.util.Map;

/**
 * What was staged, and how.
 *
 * @param way how the content came
 * @param directories including the root
 * @param files regular files, a hard-linked one once
 * @param links further names of hard-linked files
 * @param reflinkedFiles files that share their blocks with the source by FICLONE
 * @param attributesLost extended attributes of the system (capabilities, ACLs, trusted) that this process or file system could not keep;
 *         those of users are always kept
 * @param notKept of how many entries of an archive something is not kept, by kind
 */
public record StageFigures(Way way, long directories, long files, long symbolicLinks, long links, long reflinkedFiles,
        long attributesLost, Map<NotKept, Long> notKept) {
    /** Of a tree that is no archive. */
    StageFigures(Way way, long directories, long files, long symbolicLinks, long links, long reflinkedFiles, long attributesLost) {
        this(way, directories, files, symbolicLinks, links, reflinkedFiles, attributesLost, Map.of());
    }

    /** Names in the tree, the root included. */
    public long entries() {
        return directories + files + symbolicLinks + links;
    }

    /** How the content came into staging. */
    public enum Way {
        COPIED, REFLINKED,
        /** Asked for as a reflink, but at least one file could not share its blocks and was copied. */
        PARTLY_REFLINKED,
        /** The source itself was renamed into staging. */
        RENAMED, EXTRACTED
    }
}
