package dev.spillway.service.http;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spillway.api.Headers;
import dev.spillway.api.Operation;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.Role;
import dev.spillway.service.identity.AccessToken;
import dev.spillway.service.identity.Identities;
import dev.spillway.service.identity.Identity;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.auth.User;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.AuthenticationHandler;
import io.vertx.ext.web.handler.SimpleAuthenticationHandler;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Authenticates requests. A token comes as {@code Authorization: Bearer}, or as the password of Basic with any user, because some build tools send
 * only that. Without a token, the client certificate of the connection is used. If a host passes a request on, its client is authenticated by
 * {@link Headers#CLIENT_TOKEN}. Results are cached for {@link #BELIEVED_FOR}. Thread-safe.
 */
final class Guard {
    /** Time for which a result is cached. It is part of the second within which a revoked token is refused everywhere. */
    static final Duration BELIEVED_FOR = Duration.ofMillis(500);
    /** Interval at which the token of an open stream is checked. Together with the caching time, a stream ends within a second of the revocation. */
    private static final Duration WATCHED_EVERY = BELIEVED_FOR.dividedBy(2);
    static final String CHALLENGE = "Bearer realm=\"spillway\"";

    private static final long TOKENS_MAX = 100_000;
    private static final String KEY = Guard.class.getName();

    /** The result of a look-up. A failure is cached as long as the others, so that a server that cannot answer is not asked for each request. */
    private sealed interface Looked {
        /**
         * @param by    the guard that looked it up
         * @param until end of its validity, by {@link System#nanoTime}
         */
        record Known(Guard by, Identity identity, long until) implements Looked {
            boolean isBelieved() {
                return System.nanoTime() - until < 0;
            }
        }

        record Unknown() implements Looked {}

        record Failed(RuntimeException why) implements Looked {}
    }

    /** The header that a thread saw last. Callers often repeat the same header, and comparing it is faster than computing its digest. */
    private static final class Last {
        private byte @Nullable [] authorization;
        private Looked.@Nullable Known known;
    }

    private final ThreadLocal<Last> lasts = ThreadLocal.withInitial(Last::new);
    private final Identities identities;
    private final ExecutorService threads;
    private final Optional<HostCertificates> certificates;
    private final AsyncCache<String, Looked> found =
            Caffeine.newBuilder().expireAfterWrite(BELIEVED_FOR).maximumSize(TOKENS_MAX).buildAsync();

    /** @param certificates certificates of hosts; absent if clients are not asked for certificates */
    Guard(Identities identities, ExecutorService threads, Optional<HostCertificates> certificates) {
        this.identities = identities;
        this.threads = threads;
        this.certificates = certificates;
    }

    /**
     * Returns the handler that authenticates requests. If this thread has just seen the same header, it answers at once; if other threads have, it
     * does not wait.
     */
    AuthenticationHandler handler(Operation operation) {
        AuthenticationHandler finding = SimpleAuthenticationHandler.create()
                .authenticate(
                        context -> find(context, operation)
                                .onSuccess(known -> context.put(KEY, known))
                                .map(known -> User.fromName(known.identity().name())));
        return context -> {
            Looked.Known seen = seen(context.request());
            if (seen == null || isPassedOn(operation, seen)) {
                finding.handle(context);
            } else {
                context.put(KEY, seen);
                context.next();
            }
        };
    }

    /** Returns the cached result for this request's header, if this thread saw the same header last. */
    private Looked.@Nullable Known seen(HttpServerRequest request) {
        Last last = lasts.get();
        Looked.Known seen = last.known;
        if (seen == null || !seen.isBelieved()) {
            return null;
        }
        List<String> given = request.headers().getAll(HttpHeaders.AUTHORIZATION);
        // The comparison takes constant time, so that its duration reveals nothing of the token.
        return given.size() == 1 && MessageDigest.isEqual(last.authorization, given.getFirst().getBytes(StandardCharsets.UTF_8)) ? seen
                : null;
    }

    private static boolean isPassedOn(Operation operation, Looked.Known asking) {
        return operation.passedOn() && asking.identity().role() == Role.HOST;
    }

    private Future<Looked.Known> find(RoutingContext context, Operation operation) {
        return find(context).compose(
                asking -> isPassedOn(operation, asking) ? client(context, asking.identity()) : Future.succeededFuture(asking));
    }

    /** Finds the client for whom a host passes a request on. The host's own token does not permit such a request. */
    private Future<Looked.Known> client(RoutingContext context, Identity host) {
        List<String> given = context.request().headers().getAll(Headers.CLIENT_TOKEN);
        if (given.size() != 1) {
            return Future.failedFuture(
                    Problem.of(
                            ProblemType.FORBIDDEN,
                            "%s: %d (expected: one token, of the client for whom the host asks)"
                                    .formatted(Headers.CLIENT_TOKEN, given.size()))
                            .with("token", host.name())
                            .exception());
        }
        return lookUp(context, AccessToken.digest(given.getFirst()));
    }

    private Future<Looked.Known> find(RoutingContext context) {
        Optional<String> token = token(context.request());
        if (token.isPresent()) {
            byte[] authorization = context.request().getHeader(HttpHeaders.AUTHORIZATION).getBytes(StandardCharsets.UTF_8);
            return lookUp(context, AccessToken.digest(token.get())).onSuccess(known -> {
                Last last = lasts.get();
                last.authorization = authorization;
                last.known = known;
            });
        }
        if (context.request().headers().contains(HttpHeaders.AUTHORIZATION)) {
            return Future.failedFuture(refused("Authorization: not one token (expected: once, Bearer or Basic, with a token)"));
        }
        try {
            return certificates.flatMap(known -> known.find(context.request().connection().sslSession()))
                    .map(identity -> Future.succeededFuture(known(identity)))
                    .orElseGet(() -> Future.failedFuture(refused("Authorization: none (expected: Bearer with a token)")));
        } catch (ProblemException e) {
            return Future.failedFuture(e);
        }
    }

    /**
     * Checks at intervals whether the caller's identity is still valid and unchanged, and calls {@code over} when it is not.
     *
     * @return id of the timer, to be cancelled; an id that was never used if the request needed no identity
     */
    static long watch(RoutingContext context, Runnable over) {
        Looked.Known began = context.get(KEY);
        if (began == null) {
            return -1;
        }
        Operation operation = Request.of(context).operation();
        return context.vertx().setPeriodic(WATCHED_EVERY.toMillis(), look -> began.by().find(context, operation).onComplete(known -> {
            if (!known.identity().equals(began.identity())) {
                over.run();
            }
        }, cause -> {
            if (cause instanceof ProblemException refused && refused.type() == ProblemType.UNAUTHENTICATED) {
                over.run();
            }
        }));
    }

    private Future<Looked.Known> lookUp(RoutingContext context, String digest) {
        CompletableFuture<Looked> looking = found.get(digest, (key, _) -> CompletableFuture.supplyAsync(() -> look(key), threads));
        return looking.isDone() ? told(looking.join())
                : Future.fromCompletionStage(looking, context.vertx().getOrCreateContext()).compose(Guard::told);
    }

    private static Future<Looked.Known> told(Looked looked) {
        return switch (looked) {
            case Looked.Known known -> Future.succeededFuture(known);
            case Looked.Unknown() -> Future.failedFuture(refused("Authorization: a token that is not known, or is over"));
            case Looked.Failed(var why) -> Future.failedFuture(why);
        };
    }

    private Looked look(String digest) {
        try {
            return identities.find(digest).<Looked>map(this::known).orElseGet(Looked.Unknown::new);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Looked.Failed(Answers.stopping().exception());
        } catch (RuntimeException e) {
            return new Looked.Failed(e);
        }
    }

    private Looked.Known known(Identity identity) {
        return new Looked.Known(this, identity, System.nanoTime() + BELIEVED_FOR.toNanos());
    }

    /** Returns the token that a request has, known or not. */
    static Optional<String> token(HttpServerRequest request) {
        List<String> given = request.headers().getAll(HttpHeaders.AUTHORIZATION);
        // Several such headers count as none, because a proxy may have checked another one.
        if (given.size() != 1) {
            return Optional.empty();
        }
        String stripped = given.getFirst().strip();
        int space = stripped.indexOf(' ');
        if (space < 0) {
            return Optional.empty();
        }
        String scheme = stripped.substring(0, space);
        String credentials = stripped.substring(space).strip();
        if (scheme.equalsIgnoreCase("Bearer")) {
            return Optional.of(credentials);
        }
        return scheme.equalsIgnoreCase("Basic") ? password(credentials) : Optional.empty();
    }

    private static Optional<String> password(String encoded) {
        try {
            String pair = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
            int colon = pair.indexOf(':');
            return colon < 0 ? Optional.empty() : Optional.of(pair.substring(colon + 1));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Refuses a request that its token does not permit, before its body is read. */
    static void require(RoutingContext context, Request request) {
        identity(context).orElseThrow().require(request.operation(), request.parameters(), request.query().text("namespace").orElse(null));
    }

    /** Returns the caller; empty if no identity is required. */
    static Optional<Identity> identity(RoutingContext context) {
        Looked.Known known = context.get(KEY);
        return known == null ? Optional.empty() : Optional.of(known.identity());
    }

    private static ProblemException refused(String why) {
        return Problem.of(ProblemType.UNAUTHENTICATED, why).exception();
    }
}
