package dev.spillway.worker.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.api.Role;
import dev.spillway.api.Tokens;
import dev.spillway.client.http.Outcome;
import dev.spillway.events.HostId;
import dev.spillway.service.identity.Identities;
import dev.spillway.service.identity.Identity;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * The tokens that the registry knows. While no coordinator answers, what one said last is believed for {@link #BELIEVED_FOR}, so that a host serves what it
 * holds. Thread-safe.
 */
public final class RegistryIdentities implements Identities {
    /** A token that is revoked meanwhile is taken for so long at most. */
    static final Duration BELIEVED_FOR = Duration.ofMinutes(10);

    private static final long TOKENS_MAX = 10_000;

    private final RegistryClient registry;
    private final Cache<String, Identity> last = Caffeine.newBuilder().expireAfterWrite(BELIEVED_FOR).maximumSize(TOKENS_MAX).build();

    public RegistryIdentities(RegistryClient registry) {
        this.registry = registry;
    }

    @Override
    public Optional<Identity> find(String digest) throws InterruptedException {
        return switch (registry.token(digest)) {
            case Outcome.Answer<Tokens.Found>(var _, var found) -> {
                Identity identity = new Identity(found.name(), found.role(), Set.copyOf(found.namespaces()), found.host());
                last.put(digest, identity);
                yield Optional.of(identity);
            }
            case Outcome.Refused<Tokens.Found>(var problem) when problem.type() == ProblemType.UNKNOWN_TOKEN -> {
                last.invalidate(digest);
                yield Optional.empty();
            }
            case Outcome.Refused<Tokens.Found>(var problem) -> Optional.of(lastKnown(digest, problem.toString()));
            case Outcome.Unreachable<Tokens.Found>(var why) -> Optional.of(lastKnown(digest, why));
            case Outcome.Unknown<Tokens.Found>(var why) -> Optional.of(lastKnown(digest, why));
        };
    }

    /** A worker of another host takes copies from this one, and does nothing else here. */
    @Override
    public Identity host(HostId host) {
        return new Identity("host:" + host, Role.PEER, Set.of(), host);
    }

    private Identity lastKnown(String digest, String why) {
        Identity identity = last.getIfPresent(digest);
        if (identity == null) {
            throw Problem.of(ProblemType.REGISTRY_NOT_REACHABLE, "token: not known here, and the registry cannot be asked: " + why)
                    .retryAfter(Duration.ofSeconds(1))
                    .exception();
        }
        return identity;
    }
}
