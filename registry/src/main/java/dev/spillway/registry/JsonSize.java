package dev.spillway.registry;

import dev.spillway.events.SnapshotId;
import dev.spillway.registry.RegistryQueries.EntryView;
import dev.spillway.registry.RegistryQueries.EvictionView;
import dev.spillway.registry.RegistryQueries.OpenOrderView;
import dev.spillway.registry.RegistryQueries.OrderView;
import dev.spillway.registry.plan.PlanPurpose;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanVictim;
import dev.spillway.registry.trail.AuditRecord;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Upper bounds on the size of list items as JSON, in bytes. Free text is counted with its escapes, every other field at its largest size. */
public final class JsonSize {
    /** All fields of an item except free text: names, numbers, times and ids. */
    private static final int ITEM = 1_000;
    /** All fields of an order except free text, and the condition that it waits for. */
    private static final int ORDER = 1_000;
    /** Quotes, a colon and a comma. */
    private static final int FIELD = 6;

    private JsonSize() {}

    public static long of(EntryView entry) {
        return ITEM + of(entry.name().key().value()) + of(entry.snapshotId().value()) + of(entry.description().text())
                + of(entry.description().labels()) + (entry.pin() == null ? 0 : of(entry.pin().reason().value()));
    }

    public static long of(EvictionView eviction) {
        return ITEM + of(eviction.fact().key().value()) + of(eviction.fact().snapshotId().value()) + of(eviction.actor().value())
                + of(eviction.fact().labels()) + eviction.orders().stream().mapToLong(JsonSize::of).sum();
    }

    public static long of(OpenOrderView order) {
        return ITEM + of(order.name().key().value()) + of(order.snapshotId().value()) + of(order.order());
    }

    public static long of(PlanVictim victim) {
        return ITEM + of(victim.key().value()) + of(victim.snapshotId().value());
    }

    public static long of(PlanRow plan) {
        return ITEM + of(plan.actor().value())
                + (plan.purpose() instanceof PlanPurpose.Prune prune && prune.keyPrefix() != null ? of(prune.keyPrefix().value()) : 0);
    }

    public static long of(AuditRecord record) {
        return ITEM + of(record.actor().value()) + of(record.detail())
                + (record.subject().key() == null ? 0 : of(record.subject().key().value()));
    }

    public static long of(SnapshotId id) {
        return FIELD + of(id.value());
    }

    private static long of(OrderView order) {
        return ORDER + of(order.lastError());
    }

    private static long of(Map<String, String> labels) {
        return labels.entrySet().stream().mapToLong(label -> FIELD + of(label.getKey()) + of(label.getValue())).sum();
    }

    private static long of(@Nullable String text) {
        return text == null ? 0 : text.chars().mapToLong(JsonSize::of).sum();
    }

    /** A control character is written as six ASCII characters; both halves of a surrogate pair make four bytes. */
    private static long of(int unit) {
        if (unit < 0x20) {
            return 6;
        }
        if (unit < 0x80) {
            return unit == '"' || unit == '\\' ? 2 : 1;
        }
        return unit < 0x800 || Character.isSurrogate((char) unit) ? 2 : 3;
    }
}
