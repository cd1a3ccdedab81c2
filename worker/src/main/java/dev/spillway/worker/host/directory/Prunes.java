package dev.spillway.worker.host.directory;

import dev.spillway.api.Problem;
import dev.spillway.api.body.Plans;
import dev.spillway.client.http.Outcome;
import dev.spillway.events.Backend;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.worker.core.model.Hold;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.host.HostView;
import dev.spillway.worker.host.Policies;
import dev.spillway.worker.registry.RegistryClient;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Prunes a namespace on behalf of a caller, by a plan of the registry. Entries with held replicas are touched first, because they are in use; so they
 * are evicted last. Blocks; thread-safe.
 */
public final class Prunes {
    private final HostView view;
    private final RegistryClient registry;
    private final Policies policies;

    /** The outcome of a prune. */
    public sealed interface Pruned {
        /** @param evicted number of evicted entries of all hosts */
        record Done(long evicted) implements Pruned {}

        /** Refused by the registry, in its own words. */
        record Refused(Problem problem) implements Pruned {}

        /** The namespace is for images of another kind. */
        record OtherBackend(Backend backend) implements Pruned {}

        record Away(HostView.RegistryUnavailable unavailable) implements Pruned {}

        record Unknown(String why) implements Pruned {}
    }

    public Prunes(HostView view, RegistryClient registry, Policies policies) {
        this.view = view;
        this.registry = registry;
        this.policies = policies;
    }

    public Pruned prune(NamespaceName namespace, Plans.Prune bounds, Optional<String> idempotencyKey) throws InterruptedException {
        Optional<HostView.RegistryUnavailable> unavailable = view.status().unavailable();
        if (unavailable.isPresent()) {
            return new Pruned.Away(unavailable.get());
        }
        Optional<Backend> other = policies.otherBackend(namespace, Backend.DIRECTORY);
        if (other.isPresent()) {
            return new Pruned.OtherBackend(other.get());
        }
        for (EntryName held : held(namespace)) {
            var _ = registry.entry(held, true);
        }
        Outcome<RegistryClient.Plan> outcome = registry.prune(namespace, bounds, idempotencyKey);
        while (outcome instanceof Outcome.Answer<RegistryClient.Plan>(var _, var plan) && plan.state() == Plans.State.APPLYING) {
            outcome = registry.apply(plan.id());
        }
        return switch (outcome) {
            case Outcome.Answer<RegistryClient.Plan>(var _, var plan) ->
                    new Pruned.Done(plan.applied() == null ? 0 : plan.applied().evicted());
            case Outcome.Refused<RegistryClient.Plan>(var problem) -> new Pruned.Refused(problem);
            case Outcome.Unreachable<RegistryClient.Plan>(var why) -> new Pruned.Away(HostView.RegistryUnavailable.away(why));
            case Outcome.Unknown<RegistryClient.Plan>(var why) -> new Pruned.Unknown(why);
        };
    }

    private Set<EntryName> held(NamespaceName namespace) {
        return view.holds()
                .stream()
                .map(Hold::replicaId)
                .flatMap(replica -> view.replica(replica).stream())
                .map(ReplicaRecord::name)
                .filter(name -> name.namespace().equals(namespace))
                .collect(Collectors.toSet());
    }
}
