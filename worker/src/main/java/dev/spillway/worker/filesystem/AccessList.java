package dev.spillway.worker.filesystem;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What an access control list that is not kept leaves to the group. The bits of a mode for the group are then the mask of the list, and without
 * the list they would give the group what only others that it names had: the list's own entry for the group limits them.
 */
final class AccessList {
    private static final Pattern BREAK = Pattern.compile("[,\\s]+");
    /** Entries that say no more than a mode does. */
    private static final Pattern BASE = Pattern.compile("(?:u|user|g|group|o|other)::[rwx-]{3}.*");
    private static final Pattern GROUP = Pattern.compile("g(?:roup)?::([rwx-]{3}).*");
    private static final int GROUP_TAG = 4;
    private static final int HEADER_BYTES = 4;
    private static final int ENTRY_BYTES = 8;

    private AccessList() {}

    /** Whether a list as tar programs write it ({@code user::rw-,user:daemon:r--:1,group::r--}) says more than a mode can. */
    static boolean isExtended(byte[] text) {
        return entries(text).anyMatch(entry -> !BASE.matcher(entry).matches());
    }

    /** The rights of the group by a list as tar programs write it, as the lowest three bits; none where it does not say. */
    static int groupOfText(byte[] text) {
        return entries(text).map(GROUP::matcher)
                .filter(Matcher::matches)
                .mapToInt(entry -> (entry.group(1).indexOf('r') < 0 ? 0 : 4) | (entry.group(1).indexOf('w') < 0 ? 0 : 2)
                        | (entry.group(1).indexOf('x') < 0 ? 0 : 1))
                .findFirst()
                .orElse(0);
    }

    /** As {@link #groupOfText}, of a list as the attribute {@code system.posix_acl_access} has it. */
    static int groupOfAttribute(byte[] value) {
        ByteBuffer list = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = HEADER_BYTES; at + ENTRY_BYTES <= value.length; at += ENTRY_BYTES) {
            if (list.getShort(at) == GROUP_TAG) {
                return list.getShort(at + Short.BYTES) & 7;
            }
        }
        return 0;
    }

    /** A mode in which the group has no more than these rights. */
    static int limited(int permissions, int group) {
        return permissions & ~070 | permissions & group << 3;
    }

    private static Stream<String> entries(byte[] text) {
        return BREAK.splitAsStream(new String(text, StandardCharsets.ISO_8859_1)).filter(entry -> !entry.isEmpty() && !entry.startsWith("#"));
    }
}
