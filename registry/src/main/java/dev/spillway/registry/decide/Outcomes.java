package dev.spillway.registry.decide;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.spillway.events.PlanId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Pin;
import dev.spillway.registry.model.Policy;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The answers to commands. They can be written as JSON, because an answer is kept under its idempotency key. */
public final class Outcomes {
    private Outcomes() {}

    /**
     * An answer that refuses its command. Nothing was changed, and the same command may succeed later. It is not kept under an idempotency key, so a
     * repeated command is executed again.
     */
    public sealed interface Refusal {}

    /** The command was carried out, and has no result. */
    public record Done() {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
    @JsonSubTypes({
            @JsonSubTypes.Type(PolicySetting.Changed.class),
            @JsonSubTypes.Type(PolicySetting.Planned.class),
            @JsonSubTypes.Type(PolicySetting.Refused.class)})
    public sealed interface PolicySetting {
        /** The policy is set, and evicted this many entries. */
        record Changed(Policy policy, long evicted) implements PolicySetting {}

        /**
         * The limits would evict more than one command may. Nothing was changed, except that a plan was begun, which sets the policy when it is
         * applied.
         *
         * @param maxEvictionShare share that the policy allows without confirmation
         */
        record Planned(Planning.Made plan, double maxEvictionShare) implements PolicySetting {}

        /** The policy cannot be set now; nothing was changed. */
        record Refused(String detail) implements PolicySetting, Refusal {}
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
    @JsonSubTypes({@JsonSubTypes.Type(Putting.Stored.class), @JsonSubTypes.Type(Putting.Refused.class)})
    public sealed interface Putting {
        /**
         * The entry names the snapshot now.
         *
         * @param replaced the snapshot that the key named before, if it was another
         * @param evicted  entries evicted to make room, oldest first
         */
        record Stored(long generation, @Nullable SnapshotId replaced, List<EvictedEntry> evicted) implements Putting {}

        /** Nothing was changed. */
        record Refused(ReplicaOutcome.Reason reason, String detail) implements Putting, Refusal {}
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
    @JsonSubTypes({@JsonSubTypes.Type(Getting.Hit.class), @JsonSubTypes.Type(Getting.Miss.class)})
    public sealed interface Getting {
        record Hit(EntryRow entry) implements Getting {}

        record Miss() implements Getting {}
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
    @JsonSubTypes({
            @JsonSubTypes.Type(Invalidation.Invalidated.class),
            @JsonSubTypes.Type(Invalidation.Absent.class),
            @JsonSubTypes.Type(Invalidation.Mismatch.class)})
    public sealed interface Invalidation {
        record Invalidated(SnapshotId snapshotId) implements Invalidation {}

        record Absent() implements Invalidation, Refusal {}

        /** The entry names another snapshot than expected; it stays. */
        record Mismatch(SnapshotId actual) implements Invalidation, Refusal {}
    }

    /**
     * The result of one step of a clean.
     *
     * @param remaining entries that are still there
     */
    public record Cleaning(long evicted, long remaining) {}

    /**
     * The result of one step of the sweep.
     *
     * @param doomed replicas doomed now
     * @param more   whether more may be left to do
     */
    public record Swept(int hostsAway, int doomed, boolean more) {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
    @JsonSubTypes({
            @JsonSubTypes.Type(Pinning.Pinned.class),
            @JsonSubTypes.Type(Pinning.Lifted.class),
            @JsonSubTypes.Type(Pinning.Absent.class),
            @JsonSubTypes.Type(Pinning.Refused.class)})
    public sealed interface Pinning {
        record Pinned(Pin pin) implements Pinning {}

        /** The entry has no pin now; {@code had} says whether it had one. */
        record Lifted(boolean had) implements Pinning {}

        record Absent() implements Pinning, Refusal {}

        /** The end lies in the past; nothing was changed. */
        record Refused(String detail) implements Pinning, Refusal {}
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
    @JsonSubTypes({@JsonSubTypes.Type(Planning.Made.class), @JsonSubTypes.Type(Planning.Unknown.class)})
    public sealed interface Planning {
        /**
         * Victims of a plan were chosen.
         *
         * @param whole            whether all victims are chosen; otherwise the plan must be extended
         * @param allowed          number of evictions allowed without confirmation
         * @param namespaceEntries number of entries in the namespace
         */
        record Made(PlanId planId, boolean whole, long victims, long allowed, long namespaceEntries) implements Planning {
            public boolean isWithinShare() {
                return victims <= allowed;
            }
        }

        /** There is no such namespace, or no such plan. */
        record Unknown() implements Planning, Refusal {}
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
    @JsonSubTypes({
            @JsonSubTypes.Type(Applying.Step.class),
            @JsonSubTypes.Type(Applying.Unknown.class),
            @JsonSubTypes.Type(Applying.Refused.class)})
    public sealed interface Applying {
        /** One chunk of victims was settled, or none was left. {@code finished} tells that nothing is left to do. */
        record Step(boolean finished, long evicted) implements Applying {}

        record Unknown() implements Applying, Refusal {}

        /** The plan cannot be applied, for the reason in {@code detail}. */
        record Refused(String detail) implements Applying, Refusal {}
    }

    /**
     * The result of one step of expiry.
     *
     * @param more whether it found something to do, so that there may be more
     */
    public record Expired(int pinsLifted, int evicted, boolean more) {}

    /**
     * The result of one step of relieving draining hosts.
     *
     * @param looked number of copies that were checked
     * @param doomed number of these that got an order to be deleted
     * @param more   whether a host was due, so that there may be more
     */
    public record Relieved(int looked, int doomed, boolean more) {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
    @JsonSubTypes({
            @JsonSubTypes.Type(Draining.Drains.class),
            @JsonSubTypes.Type(Draining.Stays.class),
            @JsonSubTypes.Type(Draining.Refused.class),
            @JsonSubTypes.Type(Draining.Unknown.class)})
    public sealed interface Draining {
        /** The host drains since {@code since}. */
        record Drains(Instant since) implements Draining {}

        /** The host does not drain. */
        record Stays() implements Draining {}

        record Refused(String why) implements Draining, Refusal {}

        record Unknown() implements Draining, Refusal {}
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
    @JsonSubTypes({@JsonSubTypes.Type(Restoration.Restored.class), @JsonSubTypes.Type(Restoration.OtherEpoch.class)})
    public sealed interface Restoration {
        /** A new epoch has begun. New generations are greater than {@code generation}. */
        record Restored(long epoch, long generation, Instant restoredAt) implements Restoration {}

        /** The registry is in another epoch than expected; nothing was changed. */
        record OtherEpoch(long epoch) implements Restoration, Refusal {}
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
    @JsonSubTypes({
            @JsonSubTypes.Type(HostChange.Changed.class),
            @JsonSubTypes.Type(HostChange.Refused.class),
            @JsonSubTypes.Type(HostChange.Unknown.class)})
    public sealed interface HostChange {
        record Changed(long rowsAbandoned, long entriesLost) implements HostChange {}

        record Refused(String why) implements HostChange, Refusal {}

        record Unknown() implements HostChange, Refusal {}
    }
}
