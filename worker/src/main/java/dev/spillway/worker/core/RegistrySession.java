package dev.spillway.worker.core;

import dev.spillway.events.RegistryId;
import dev.spillway.events.codec.EventType;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.HostIdentity;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.Membership;
import dev.spillway.worker.core.model.Step;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The state of this host at its registry: its durable membership, its current join, and its next attempt. Not thread-safe. */
final class RegistrySession {
    private final HostIdentity identity;
    private final HostTimes times;
    private final RandomGenerator random;
    private Membership membership;
    private @Nullable Sender sender;
    private @Nullable String refusal;
    private boolean joining;
    private boolean joinedBefore;
    private boolean draining;
    private boolean readopts;
    private Instant joinAt = Instant.MIN;
    private int attempts;

    RegistrySession(HostIdentity identity, HostTimes times, Membership stored, RandomGenerator random) {
        this.identity = identity;
        this.times = times;
        this.membership = stored;
        this.random = random;
    }

    Membership membership() {
        return membership;
    }

    /** Returns the sender of this host's messages; null while the registry takes none. */
    @Nullable
    Sender sender() {
        return sender;
    }

    boolean isJoined() {
        return sender != null;
    }

    /** Returns whether the registry was restored, and this host must first report what it holds. */
    boolean readopts() {
        return readopts;
    }

    /** Notes that the registry was told everything. */
    void readopted() {
        readopts = false;
    }

    Optional<String> refusal() {
        return Optional.ofNullable(refusal);
    }

    /** Returns whether this host drains, as far as the registry has said. */
    boolean isDraining() {
        return draining;
    }

    /** Notes whether this host drains, as the registry said. */
    void drains(boolean told) {
        draining = told;
    }

    /** Returns the time of the next attempt to join; {@link Instant#MAX} while an answer is awaited. */
    Instant nextJoin() {
        return joining ? Instant.MAX : joinAt;
    }

    void join(Instant now, Step.Builder out) {
        sender = null;
        joining = true;
        joinAt = now;
        out.effect(
                new Effect.Send(
                        new JoinRequest(
                                identity.hostId(),
                                identity.storeId(),
                                identity.address(),
                                List.of(EventType.VERSION),
                                membership.registryId(),
                                membership.epoch(),
                                membership.highestGeneration(),
                                new JoinRequest.WorkerProcess(identity.processId(), joinedBefore),
                                membership.incarnation())));
    }

    void joinFailed(Instant now) {
        joining = false;
        long millis = Math.min(times.joinRetryMax().toMillis(), times.retry().toMillis() << Math.min(attempts++, 10));
        joinAt = now.plusMillis(millis / 2 + random.nextLong(millis / 2 + 1));
    }

    /** Takes the answer to a join, and returns it if this host has joined by it. */
    Optional<JoinAnswer.Joined> answered(Instant now, JoinAnswer answer, Step.Builder out) {
        if (sender != null || !joining) {
            return Optional.empty();
        }
        return switch (answer) {
            case JoinAnswer.Refused refused -> {
                refused(now, refused.reason(), refused.detail(), out);
                yield Optional.empty();
            }
            case JoinAnswer.Joined joined when isAnothers(joined.registryId()) -> {
                refused(
                        now,
                        JoinAnswer.Reason.OTHER_REGISTRY,
                        "store %s belongs to registry %s, and registry %s answered (expected: the coordinators of its own registry)"
                                .formatted(identity.storeId(), membership.registryId(), joined.registryId()),
                        out);
                yield Optional.empty();
            }
            case JoinAnswer.Joined joined -> {
                joining = false;
                joinedBefore = true;
                attempts = 0;
                refusal = null;
                readopts = joined.readopt();
                remember(membership.joined(joined.registryId(), joined.epoch(), joined.incarnation(), joined.reconcileFirst()), out);
                sender = new Sender(identity.hostId(), identity.storeId(), joined.registryId(), joined.epoch(), joined.incarnation());
                yield Optional.of(joined);
            }
        };
    }

    /**
     * Returns whether another registry answers at that address. Registries refuse foreign stores themselves; this check does not rely on that.
     */
    private boolean isAnothers(RegistryId registry) {
        return membership.registryId() != null && !membership.registryId().equals(registry);
    }

    private void refused(Instant now, JoinAnswer.Reason reason, String detail, Step.Builder out) {
        refusal = reason + ": " + detail;
        // Only a joined host drains.
        draining = false;
        if (nobodyTellsOfEvictions(reason)) {
            suspend(true, out);
        }
        joinFailed(now);
    }

    /** Returns whether a host that is refused for this reason gets no orders while its entries are evicted. */
    private static boolean nobodyTellsOfEvictions(JoinAnswer.Reason reason) {
        return switch (reason) {
            case RETIRED, STORE_IN_USE, SUPERSEDED -> true;
            case HOST_ID_IN_USE, NEW_STORE, OTHER_REGISTRY, REGISTRY_BEHIND, NO_COMMON_VERSION -> false;
        };
    }

    /** Notes a generation that the registry has named. */
    void saw(long generation, Step.Builder out) {
        remember(membership.seen(generation), out);
    }

    void suspend(boolean servesNothing, Step.Builder out) {
        remember(membership.suspended(servesNothing), out);
    }

    private void remember(Membership changed, Step.Builder out) {
        if (!changed.equals(membership)) {
            membership = changed;
            out.change(new IndexChange.PutMembership(membership));
        }
    }
}
