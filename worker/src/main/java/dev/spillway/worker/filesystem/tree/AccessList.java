package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.posix.OpenFile;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.regex.Pattern;

/**
 * An access control list of POSIX.1e. If a file has a list, the group bits of its mode are the mask of the list, not the rights of the group. The
 * list may also give a single user fewer rights than all others. So the mode alone, without the list, would give too many rights.
 */
public final class AccessList {
    public static final String ACCESS = "system.posix_acl_access";
    public static final String DEFAULT = "system.posix_acl_default";

    private static final Pattern BREAK = Pattern.compile("[,\\s]+");
    private static final Pattern COMMENT = Pattern.compile("#.*");
    /** Matches an entry that a mode can express. */
    private static final Pattern BASE = Pattern.compile("(?:u|user|g|group|o|other)::[rwx-]{3}.*");
    private static final int VERSION = 2;
    private static final int ALL = 7;
    private static final int OWNER_AND_ABOVE = ~077;

    private int group;
    private int mask = ALL;
    private int other;
    /** The rights that all named users have in common; -1 without any. */
    private int namedUsers = -1;
    private int namedGroups = -1;

    private AccessList() {}

    /** Removes the lists that a new file or directory inherited from the default list of its parent. Set the mode after that. */
    public static void remove(OpenFile file) throws PosixException {
        file.removeAttribute(DEFAULT);
        file.removeAttribute(ACCESS);
    }

    /**
     * Lowers a mode so that it gives nobody more rights than the list that is lost.
     *
     * @param list the value of {@link #ACCESS}; if it cannot be parsed, only the owner's bits remain
     */
    public static int permissionsWithout(byte[] list, int permissions) {
        AccessList read = new AccessList();
        try {
            ByteBuffer entries = ByteBuffer.wrap(list).order(ByteOrder.LITTLE_ENDIAN);
            if (entries.getInt() != VERSION) {
                return permissions & OWNER_AND_ABOVE;
            }
            while (entries.hasRemaining()) {
                int tag = entries.getShort();
                int rights = entries.getShort() & ALL;
                entries.getInt();
                read.add(tag, rights);
            }
        } catch (BufferUnderflowException _) {
            return permissions & OWNER_AND_ABOVE;
        }
        return read.lowered(permissions);
    }

    /**
     * Does the same as {@link #permissionsWithout(byte[], int)} for the form in archives: {@code
     * user::rw-,user:lp:r--:7,group::---,mask::r--,other::---}.
     */
    public static int permissionsWithout(String list, int permissions) {
        AccessList read = new AccessList();
        for (String entry : entries(list)) {
            String[] fields = entry.split(":", -1);
            if (fields.length < 3 || !fields[2].matches("[r-][w-][xX-].*")) {
                return permissions & OWNER_AND_ABOVE;
            }
            int tag = switch (fields[0]) {
                case "u", "user" -> fields[1].isEmpty() ? 0x01 : 0x02;
                case "g", "group" -> fields[1].isEmpty() ? 0x04 : 0x08;
                case "m", "mask" -> 0x10;
                case "o", "other" -> 0x20;
                default -> 0;
            };
            read.add(
                    tag,
                    (fields[2].charAt(0) == 'r' ? 4 : 0) | (fields[2].charAt(1) == 'w' ? 2 : 0)
                            | (fields[2].charAt(2) == '-' ? 0 : 1));
        }
        return read.lowered(permissions);
    }

    /** Returns whether a list, in the form in archives, has an entry that a mode cannot express. */
    public static boolean isExtended(String list) {
        return entries(list).stream().anyMatch(entry -> !BASE.matcher(entry).matches());
    }

    private static List<String> entries(String list) {
        return BREAK.splitAsStream(list).map(entry -> COMMENT.matcher(entry).replaceFirst("")).filter(entry -> !entry.isEmpty()).toList();
    }

    private void add(int tag, int rights) {
        switch (tag) {
            case 0x01 -> {
                // The owner's rights stay in the mode.
            }
            case 0x02 -> namedUsers &= rights;
            case 0x04 -> group = rights;
            case 0x08 -> namedGroups &= rights;
            case 0x10 -> mask = rights;
            case 0x20 -> other = rights;
            default -> {
                namedUsers = 0;
                namedGroups = 0;
            }
        }
    }

    /**
     * Returns the permissions without the list. A user with an entry may also be a member of the group or one of the others, and so may the members
     * of a group with an entry. So the group and the others get only rights that all entries give.
     */
    private int lowered(int permissions) {
        int groupLeft = group & mask & namedUsers;
        int othersLeft = other & named(namedUsers) & named(namedGroups);
        return permissions & (OWNER_AND_ABOVE | groupLeft << 3 | othersLeft);
    }

    private int named(int rights) {
        return rights < 0 ? ALL : rights & mask;
    }
}
