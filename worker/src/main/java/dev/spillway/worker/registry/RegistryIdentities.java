package dev.spillway.worker.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.Role;
import dev.spillway.api.body.Tokens;
import dev.spillway.client.http.Outcome;
import dev.spillway.events.HostId;
import dev.spillway.service.identity.Identities;
import dev.spillway.service.identity.Identity;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Identifies clients by the tokens that the registry knows. While no coordinator answers, the last answer about a token counts for {@link
 * #BELIEVED_FOR}, so that a host still serves what it holds. Requests do not wait for coordinators then: these are asked again a few times per
 * second, and only an answer within a tenth of a second is waited for. Thread-safe.
 */
public final class RegistryIdentities implements Identities {
    /** Longest time for which a token counts without an answer of the registry, also if it is revoked meanwhile. */
    static final Duration BELIEVED_FOR = Duration.ofMinutes(10);

    /** Together with the time for which {@code Guard} caches identities, it bounds the time until a revoked token is refused to a second. */
    private static final Duration ASK_AGAIN_AFTER = Duration.ofMillis(250);
    private static final Duration ANSWERED_WITHIN = Duration.ofMillis(100);
    private static final long TOKENS_MAX = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(RegistryIdentities.class);

    private final RegistryClient registry;
    private final InstantSource clock;
    private final Duration askAgainAfter;
    private final Duration answeredWithin;
    private final Cache<String, Identity> last = Caffeine.newBuilder().expireAfterWrite(BELIEVED_FOR).maximumSize(TOKENS_MAX).build();
    /** True if the last request to the coordinators got no answer. */
    private volatile boolean away;
    private final AtomicBoolean asking = new AtomicBoolean();
    private final AtomicLong failedAt = new AtomicLong();

    /** @param clock tells whether a token has expired while no coordinator answers */
    public RegistryIdentities(RegistryClient registry, InstantSource clock) {
        this(registry, clock, ASK_AGAIN_AFTER, ANSWERED_WITHIN);
    }

    RegistryIdentities(RegistryClient registry, InstantSource clock, Duration askAgainAfter, Duration answeredWithin) {
        this.registry = registry;
        this.clock = clock;
        this.askAgainAfter = askAgainAfter;
        this.answeredWithin = answeredWithin;
    }

    @Override
    public Optional<Identity> find(String digest) throws InterruptedException {
        Identity known = away ? last.getIfPresent(digest) : null;
        if (known == null) {
            return ask(digest);
        }
        askBeside(digest);
        return away ? unlessOver(known) : Optional.ofNullable(last.getIfPresent(digest));
    }

    private Optional<Identity> ask(String digest) throws InterruptedException {
        return switch (registry.token(digest)) {
            case Outcome.Answer<Tokens.Found>(var _, var found) -> {
                away = false;
                Identity identity =
                        new Identity(found.name(), found.role(), Set.copyOf(found.namespaces()), found.host(), found.expiresAt());
                last.put(digest, identity);
                yield Optional.of(identity);
            }
            case Outcome.Refused<Tokens.Found>(var problem) when problem.type() == ProblemType.UNKNOWN_TOKEN -> {
                away = false;
                last.invalidate(digest);
                yield Optional.empty();
            }
            case Outcome.Refused<Tokens.Found>(var problem) -> lastKnown(digest, problem.toString());
            case Outcome.Unreachable<Tokens.Found>(var why) -> lastKnown(digest, why);
            case Outcome.Unknown<Tokens.Found>(var why) -> lastKnown(digest, why);
        };
    }

    /** Asks the coordinators again, on another thread. Only one such request is under way, because a coordinator that hangs delays it for seconds. */
    private void askBeside(String digest) throws InterruptedException {
        if (System.nanoTime() - failedAt.get() < askAgainAfter.toNanos() || !asking.compareAndSet(false, true)) {
            return;
        }
        Thread asked = Thread.ofVirtual().name("token-look").start(() -> {
            try {
                ask(digest);
            } catch (ProblemException e) {
                LOG.debug("asked again: {}", e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                asking.set(false);
            }
        });
        asked.join(answeredWithin);
    }

    private Optional<Identity> unlessOver(Identity identity) {
        return identity.expiresAt() == null || clock.instant().isBefore(identity.expiresAt()) ? Optional.of(identity) : Optional.empty();
    }

    /** Returns the identity of another host's worker, which may only take copies from this host. */
    @Override
    public Identity host(HostId host) {
        return new Identity("host:" + host, Role.PEER, Set.of(), host);
    }

    private Optional<Identity> lastKnown(String digest, String why) {
        failedAt.set(System.nanoTime());
        away = true;
        Identity identity = last.getIfPresent(digest);
        if (identity == null) {
            throw Problem.of(ProblemType.REGISTRY_NOT_REACHABLE, "token: not known here, and the registry cannot be asked: " + why)
                    .retryAfter(Duration.ofSeconds(1))
                    .exception();
        }
        return unlessOver(identity);
    }
}
