package dev.spillway.registry.decide;

import dev.spillway.events.EntryName;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.store.Rows;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The entries of groups, as a {@link Transaction} sees them. A group is read when it is first asked for. Not thread-safe, used once. */
public final class TransactionGroups {
    private final Rows rows;
    private final Map<EntryName, @Nullable EntryRow> entries;
    /** Members of the groups that were read. */
    private final Map<EntryGroup, Set<EntryName>> members = new HashMap<>();

    /** @param entries entries as the transaction sees them, to which those of groups are added as they are read */
    TransactionGroups(Rows rows, Map<EntryName, @Nullable EntryRow> entries) {
        this.rows = rows;
        this.entries = entries;
    }

    /** Locks the entries of these groups. The caller holds their namespaces. */
    void lock(Collection<EntryGroup> groups) {
        SortedSet<EntryGroup> missing = new TreeSet<>(groups);
        missing.removeAll(members.keySet());
        if (missing.isEmpty()) {
            return;
        }
        for (EntryRow stored : rows.entries().lockGroups(missing)) {
            if (!entries.containsKey(stored.name())) {
                entries.put(stored.name(), stored);
            }
        }
        missing.forEach(group -> members.put(group, new TreeSet<>()));
        entries.values().stream().filter(Objects::nonNull).forEach(this::joined);
    }

    /** Returns the entries of a group in the order of use, so that the leading one is the last. The caller holds its namespace. */
    List<EntryRow> of(EntryGroup group) {
        lock(List.of(group));
        List<EntryRow> found = new ArrayList<>();
        for (EntryName name : members.getOrDefault(group, Set.of())) {
            found.add(Objects.requireNonNull(entries.get(name), "a member"));
        }
        found.sort(Comparator.comparingLong(EntryRow::lastUse));
        return found;
    }

    /** Returns the given stored entries that are in groups, each with the entries of its group in the order of use. Locks nothing. */
    public static Map<EntryRow, List<EntryRow>> withGroups(Rows rows, Collection<EntryRow> leading) {
        SortedSet<EntryGroup> groups = new TreeSet<>(leading.stream().map(EntryRow::group).filter(Objects::nonNull).toList());
        Map<EntryRow, List<EntryRow>> found = new HashMap<>();
        if (groups.isEmpty()) {
            return found;
        }
        Map<@Nullable EntryGroup, List<EntryRow>> byGroup = new HashMap<>();
        rows.entries().groups(groups).forEach(row -> byGroup.computeIfAbsent(row.group(), ignored -> new ArrayList<>()).add(row));
        byGroup.values().forEach(members -> members.sort(Comparator.comparingLong(EntryRow::lastUse)));
        for (EntryRow entry : leading) {
            List<EntryRow> members = byGroup.get(entry.group());
            if (members != null) {
                found.put(entry, members);
            }
        }
        return found;
    }

    /** Records that an entry is in its group. */
    void joined(EntryRow row) {
        Set<EntryName> known = members.get(row.group());
        if (known != null) {
            known.add(row.name());
        }
    }

    /** Records that an entry has left its group. */
    void left(EntryRow row) {
        Set<EntryName> known = members.get(row.group());
        if (known != null) {
            known.remove(row.name());
        }
    }
}
