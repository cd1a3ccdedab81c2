package dev.spillway.coordinator.http;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Durations;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.Role;
import dev.spillway.api.body.Tokens;
import dev.spillway.coordinator.identity.TokenStore;
import dev.spillway.coordinator.identity.TokensFile;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Paging;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.service.identity.AccessToken;
import dev.spillway.service.identity.Identities;
import dev.spillway.service.identity.Identity;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Routes of tokens: create, list, revoke, find by digest for workers, and show the caller's own identity. */
public final class TokenRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(TokenRoutes.class);
    private static final long BODY_BYTES_MAX = 64 << 10;
    private static final Duration LASTS_MAX = Duration.ofDays(3650);
    /** Prefix of the cursor of a stored token. Tokens of the file come first in the list, and no name begins with this prefix. */
    private static final String PLACE_OF_STORED = "/";

    private final TokenStore store;
    private final TokensFile file;
    private final Identities identities;
    private final SecureRandom random = new SecureRandom();

    private TokenRoutes(TokenStore store, TokensFile file, Identities identities) {
        this.store = store;
        this.file = file;
        this.identities = identities;
    }

    /** @param identities finds the tokens of the store, of the file, and all others that this service knows */
    public static List<Endpoint> of(TokenStore store, TokensFile file, Identities identities) {
        TokenRoutes routes = new TokenRoutes(store, file, identities);
        return List.of(
                Endpoint.of(CoordinatorApi.LIST_TOKENS, routes::list),
                Endpoint.of(CoordinatorApi.CREATE_TOKEN, routes::create).json(BODY_BYTES_MAX),
                Endpoint.of(CoordinatorApi.REVOKE_TOKEN, routes::revoke),
                Endpoint.of(CoordinatorApi.FIND_TOKEN, routes::find).json(BODY_BYTES_MAX),
                Endpoint.of(CoordinatorApi.GET_IDENTITY, routes::identity));
    }

    private Response create(Request request) {
        Tokens.Create body = request.body(Tokens.Create.class);
        if (!NamespaceName.FORM.matcher(body.name()).matches()) {
            throw new InvalidValueException("name", body.name(), NamespaceName.FORM.pattern());
        }
        if ((body.role() == Role.HOST) != (body.host() != null)) {
            throw new InvalidValueException("host", body.host(), "the host's id for role HOST, nothing for any other");
        }
        Set<NamespaceName> namespaces = body.namespaces() == null ? Set.of() : Set.copyOf(body.namespaces());
        boolean limits = body.role() == Role.READER || body.role() == Role.WRITER;
        if (!namespaces.isEmpty() && !limits) {
            throw new InvalidValueException("namespaces", namespaces, "none for this role, which is for all");
        }
        if (body.name().equals(Identity.ANONYMOUS)) {
            throw exists("name: " + body.name() + " (expected: another one, since this stands for requests without a token)");
        }
        if (file.has(body.name())) {
            throw exists("name: " + body.name() + " (expected: one that is not used, and the tokens-file has this one)");
        }
        Duration lasts = body.lasts() == null ? null : Durations.parse("lasts", body.lasts(), LASTS_MAX);
        String token = AccessToken.mint(random);
        String creator = request.caller();
        TokenStore.Stored stored = store
                .create(new Identity(body.name(), body.role(), namespaces, body.host()), AccessToken.digest(token), creator, lasts)
                .orElseThrow(() -> exists("name: " + body.name() + " (expected: one that is not used)"));
        LOG.atInfo().addKeyValue("request", request.id()).log("token {} of role {} is made by {}", body.name(), body.role(), creator);
        return Response.json(201, new Tokens.Created(body.name(), token, stored.expiresAt())).header("Cache-Control", "no-store");
    }

    private Response list(Request request) {
        Paging paging = Paging.of(request, "tokens");
        String after = paging.after() == null ? "" : paging.after();
        boolean fileListed = after.startsWith(PLACE_OF_STORED);
        int wanted = paging.limit() + 1;
        List<Tokens.Listed> found = new ArrayList<>();
        if (!fileListed) {
            file.list(after, wanted).forEach(identity -> found.add(listed(identity)));
        }
        if (found.size() < wanted) {
            store.list(fileListed ? after.substring(PLACE_OF_STORED.length()) : "", wanted - found.size())
                    .forEach(stored -> found.add(listed(stored)));
        }
        return Response.ok(paging.page(found, TokenRoutes::place, listed -> listed));
    }

    private static String place(Tokens.Listed listed) {
        return listed.source() == Tokens.Source.FILE ? listed.name() : PLACE_OF_STORED + listed.name();
    }

    private static Tokens.Listed listed(Identity identity) {
        return new Tokens.Listed(identity.name(), Tokens.Source.FILE, identity.role(), sorted(identity), identity.host(), null, null, null);
    }

    private static Tokens.Listed listed(TokenStore.Stored stored) {
        Identity identity = stored.identity();
        return new Tokens.Listed(
                identity.name(),
                Tokens.Source.REGISTRY,
                identity.role(),
                sorted(identity),
                identity.host(),
                stored.createdAt(),
                stored.createdBy(),
                stored.expiresAt());
    }

    private Response revoke(Request request) {
        String name = request.parameter("name");
        boolean revoked = store.revoke(name, request.caller());
        if (revoked) {
            LOG.atInfo().addKeyValue("request", request.id()).log("token {} is revoked by {}", name, request.caller());
        }
        // A name may have been added to the file after a token of this name was created. Then only the created token is revoked.
        if (file.has(name)) {
            throw Problem.of(
                    ProblemType.TOKEN_IN_FILE,
                    "name: " + name
                            + (revoked ? ", the registry's is revoked, the one of the tokens-file is not"
                                    : ", which stands in the tokens-file")
                            + " (expected: remove its line from the file of each coordinator, which ends it within seconds)")
                    .exception();
        }
        if (!revoked) {
            throw unknown("name: " + Problem.shown(name) + " (expected: the name of a token that was made)");
        }
        return Response.empty(204);
    }

    private Response find(Request request) throws InterruptedException {
        Identity identity = identities.find(AccessToken.requireDigest("digest", request.body(Tokens.Find.class).digest()))
                .orElseThrow(() -> unknown("digest: of no token that is known"));
        return Response.ok(found(identity));
    }

    private Response identity(Request request) {
        return Response.ok(found(request.identity().orElseGet(() -> new Identity(request.caller(), Role.OPERATOR, Set.of(), null))));
    }

    private static Tokens.Found found(Identity identity) {
        return new Tokens.Found(identity.name(), identity.role(), sorted(identity), identity.host(), identity.expiresAt());
    }

    private static List<NamespaceName> sorted(Identity identity) {
        return identity.namespaces().stream().sorted().toList();
    }

    private static ProblemException exists(String why) {
        return Problem.of(ProblemType.TOKEN_EXISTS, why).exception();
    }

    private static ProblemException unknown(String why) {
        return Problem.of(ProblemType.UNKNOWN_TOKEN, why).exception();
    }
}
