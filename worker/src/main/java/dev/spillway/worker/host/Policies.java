package dev.spillway.worker.host;

import dev.spillway.api.ProblemType;
import dev.spillway.client.http.Outcome;
import dev.spillway.events.Backend;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.worker.registry.RegistryClient;
import java.util.Optional;

/** The policies of namespaces, as far as this host knows them. Blocks where the registry has to be asked; thread-safe. */
public final class Policies {
    private final HostView view;
    private final RegistryClient registry;

    public Policies(HostView view, RegistryClient registry) {
        this.view = view;
        this.registry = registry;
    }

    /** The policy for a put into a namespace. */
    public sealed interface PolicyNow {
        record Known(PolicySet.Entry policy) implements PolicyNow {
            /** Returns the limit of one image, in bytes. */
            public long maxBytes() {
                Long maxBytes = policy.maxBytes();
                return maxBytes == null ? Long.MAX_VALUE : maxBytes;
            }

            public boolean isOf(Backend backend) {
                return policy.backend() == backend;
            }
        }

        record UnknownNamespace() implements PolicyNow {}

        record Away(HostView.RegistryUnavailable unavailable) implements PolicyNow {}
    }

    /** Returns whether a namespace exists. While the registry cannot be asked, an unknown namespace counts as existing. */
    public boolean isKnown(NamespaceName namespace) throws InterruptedException {
        return view.policy(namespace).isPresent() || view.totals(namespace).entries() > 0 || view.artifactTotals(namespace).entries() > 0
                || !(now(namespace) instanceof PolicyNow.UnknownNamespace);
    }

    /** Returns the backend of a namespace if it is another one than this; empty if it is this one, or is not known. */
    public Optional<Backend> otherBackend(NamespaceName namespace, Backend backend) throws InterruptedException {
        if (view.policy(namespace).isEmpty() && view.status().unavailable().isPresent()) {
            return Optional.empty();
        }
        return now(namespace) instanceof PolicyNow.Known known && !known.isOf(backend) ? Optional.of(known.policy().backend())
                : Optional.empty();
    }

    /** Returns the policy of a namespace. Asks the registry if its last policies do not have it, because the namespace may be new. */
    public PolicyNow now(NamespaceName namespace) throws InterruptedException {
        String refusal = view.status().refusal();
        if (refusal != null) {
            return new PolicyNow.Away(new HostView.RegistryUnavailable(true, refusal));
        }
        Optional<PolicySet.Entry> known = view.policy(namespace);
        if (known.isPresent()) {
            return new PolicyNow.Known(known.get());
        }
        return switch (registry.namespace(namespace)) {
            case Outcome.Answer<RegistryClient.Namespace>(var _, var found) -> new PolicyNow.Known(found.policy(namespace));
            case Outcome.Refused<RegistryClient.Namespace>(var problem) -> problem.type() == ProblemType.UNKNOWN_NAMESPACE
                    ? new PolicyNow.UnknownNamespace()
                    : new PolicyNow.Away(HostView.RegistryUnavailable.away(problem.detail()));
            case Outcome.Unreachable<RegistryClient.Namespace>(var why) -> new PolicyNow.Away(HostView.RegistryUnavailable.away(why));
            case Outcome.Unknown<RegistryClient.Namespace>(var why) -> new PolicyNow.Away(HostView.RegistryUnavailable.away(why));
        };
    }
}
