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
 * Lets in who has a token: {@code Authorization: Bearer}, or Basic with the token as the password and any user, which is all that some build tools send.
 * Where there is none, the certificate of the connection says whose it is. Where a host passes a request on, its client counts, who is asked for by
 * {@link Headers#CLIENT_TOKEN}. Believes a result for {@link #BELIEVED_FOR}. Thread-safe.
 */
final class Guard {
    /** A token that is revoked ends everywhere within a second; a look takes its part of that. */
    static final Duration BELIEVED_FOR = Duration.ofMillis(500);
    /** Interval of the looks of an open stream. With what was believed just before, it ends within the second. */
    private static final Duration WATCHED_EVERY = BELIEVED_FOR.dividedBy(2);
    static final String CHALLENGE = "Bearer realm=\"spillway\"";

    private static final long TOKENS_MAX = 100_000;
    private static final String KEY = Guard.class.getName();

    /** The result of a look. A failure is kept as long as the others, so that nobody who cannot answer is asked by each request. */
    private sealed interface Looked {
        /**
         * @param by    who looked
         * @param until from when on it is not believed any more, in the nanoseconds of the system's clock
         */
        record Known(Guard by, Identity identity, long until) implements Looked {
            boolean isBelieved() {
                return System.nanoTime() - until < 0;
            }
        }

        record Unknown() implements Looked {}

        record Failed(RuntimeException why) implements Looked {}
    }

    /** The header that a thread saw last. Callers ask again and again with the same one, and its digest takes longer than a look at it. */
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

    /** @param certificates of hosts, where clients are asked for theirs */
    Guard(Identities identities, ExecutorService threads, Optional<HostCertificates> certificates) {
        this.identities = identities;
        this.threads = threads;
        this.certificates = certificates;
    }

    /** Returns what finds out who asks: at once where the thread has seen the same header just now, and without waiting where others have. */
    AuthenticationHandler handler(Operation operation) {
        AuthenticationHandler finding = SimpleAuthenticationHandler.create()
                .authenticate(context -> find(context, operation)
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

    /** Returns who showed the header of this request to this thread just now. */
    private Looked.@Nullable Known seen(HttpServerRequest request) {
        Last last = lasts.get();
        Looked.Known seen = last.known;
        if (seen == null || !seen.isBelieved()) {
            return null;
        }
        List<String> given = request.headers().getAll(HttpHeaders.AUTHORIZATION);
        // In constant time, as nobody may learn a token by how long it takes to refuse another.
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

    /** Finds for whom a host asks. A host alone may not do what it passes on. */
    private Future<Looked.Known> client(RoutingContext context, Identity host) {
        List<String> given = context.request().headers().getAll(Headers.CLIENT_TOKEN);
        if (given.size() != 1) {
            return Future.failedFuture(Problem.of(ProblemType.FORBIDDEN,
                    "%s: %d (expected: one token, of the client for whom the host asks)".formatted(Headers.CLIENT_TOKEN, given.size()))
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
     * Looks again and again whether who asks is still known as the same, and calls when not.
     *
     * @return the timer, to be cancelled; one that never was where nobody had to be known
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

    /** Returns the token that a request shows, whether or not anybody knows it. */
    static Optional<String> token(HttpServerRequest request) {
        List<String> given = request.headers().getAll(HttpHeaders.AUTHORIZATION);
        // A proxy in front may have judged the other one of two.
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

    /** Refuses what the token of a request is not for, before its body is read. */
    static void require(RoutingContext context, Request request) {
        identity(context).orElseThrow().require(request.operation(), request.parameters(), request.query().text("namespace").orElse(null));
    }

    /** Returns who asks; empty where nobody has to be known. */
    static Optional<Identity> identity(RoutingContext context) {
        Looked.Known known = context.get(KEY);
        return known == null ? Optional.empty() : Optional.of(known.identity());
    }

    private static ProblemException refused(String why) {
        return Problem.of(ProblemType.UNAUTHENTICATED, why).exception();
    }
}
