package dev.spillway.worker.registry;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.Role;
import dev.spillway.api.body.Tokens;
import dev.spillway.client.http.ClientSecurity;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.HttpLimits;
import dev.spillway.service.http.HttpService;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.service.identity.Identity;
import dev.spillway.service.monitoring.ServiceMetrics;
import dev.spillway.service.settings.HostPort;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A worker that asks a coordinator whose tokens are, over HTTP. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RegistryIdentitiesTest {
    private static final String KNOWN = "a".repeat(64);
    private static final String NEW = "b".repeat(64);
    private static final Instant END = Instant.parse("2026-01-02T03:04:05Z");

    private final Map<String, Tokens.Found> tokens = new ConcurrentHashMap<>();
    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger inside = new AtomicInteger();
    private final ServiceMetrics metrics = new ServiceMetrics();
    private volatile boolean unavailable;
    private volatile @Nullable CountDownLatch paused;
    private volatile Instant now = END.minusSeconds(1);
    private HttpService coordinator;
    private RegistryClient client;

    @BeforeEach
    void start() throws Exception {
        coordinator = HttpService.start(
                new HttpService.Options(
                        "coordinator",
                        new HostPort("127.0.0.1", 0),
                        Optional.empty(),
                        HttpLimits.DEFAULT,
                        vertx -> List.of(Endpoint.of(CoordinatorApi.FIND_TOKEN, this::find).json(1000)),
                        failure -> Optional.empty(),
                        Optional.empty(),
                        metrics.registry()));
        client = new RegistryClient(List.of(coordinator.address()), Duration.ofMinutes(1), Duration.ofMinutes(10), ClientSecurity.NONE);
    }

    @AfterEach
    void stop() {
        CountDownLatch waiting = paused;
        if (waiting != null) {
            waiting.countDown();
        }
        client.close();
        coordinator.close();
        metrics.close();
    }

    private Response find(Request request) throws InterruptedException {
        asked.incrementAndGet();
        CountDownLatch until = paused;
        if (until != null) {
            inside.incrementAndGet();
            until.await();
        }
        if (unavailable) {
            throw Problem.of(ProblemType.REGISTRY_UNAVAILABLE, "its database is away").exception();
        }
        Tokens.Found found = tokens.get(request.body(Tokens.Find.class).digest());
        if (found == null) {
            throw Problem.of(ProblemType.UNKNOWN_TOKEN, "digest: of no token").exception();
        }
        return Response.ok(found);
    }

    private RegistryIdentities identities(Duration askAgainAfter) {
        return identities(askAgainAfter, Duration.ZERO);
    }

    private RegistryIdentities identities(Duration askAgainAfter, Duration answeredWithin) {
        tokens.put(KNOWN, new Tokens.Found("reader", Role.READER, List.of(), null, END));
        return new RegistryIdentities(client, () -> now, askAgainAfter, answeredWithin);
    }

    private static void eventually(Condition condition) throws InterruptedException {
        while (!condition.holds()) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    @FunctionalInterface
    private interface Condition {
        boolean holds() throws InterruptedException;
    }

    @Test
    void whileACoordinatorHangsWhatItSaidIsBelievedAtOnce() throws Exception {
        RegistryIdentities identities = identities(Duration.ZERO);
        Identity reader = identities.find(KNOWN).orElseThrow();
        unavailable = true;
        assertThat(identities.find(KNOWN)).contains(reader);
        paused = new CountDownLatch(1);
        // The coordinator answers none of these before it goes on.
        for (int look = 0; look < 100; look++) {
            assertThat(identities.find(KNOWN)).contains(reader);
        }
        eventually(() -> inside.get() == 1);
        assertThat(asked).as("one question at a time").hasValue(3);
        tokens.clear();
        unavailable = false;
        paused.countDown();
        eventually(() -> identities.find(KNOWN).isEmpty());
    }

    @Test
    void aTokenThatWasRevokedEndsWithTheFirstLookThatIsAnsweredAgain() throws Exception {
        RegistryIdentities identities = identities(Duration.ZERO, Duration.ofMinutes(5));
        identities.find(KNOWN);
        unavailable = true;
        assertThat(identities.find(KNOWN)).as("one question that fails").isPresent();
        tokens.clear();
        unavailable = false;
        assertThat(identities.find(KNOWN)).isEmpty();
    }

    @Test
    void whileNoCoordinatorAnswersItIsAskedOnceInAWhile() throws Exception {
        RegistryIdentities identities = identities(Duration.ofDays(1));
        identities.find(KNOWN);
        unavailable = true;
        for (int look = 0; look < 100; look++) {
            assertThat(identities.find(KNOWN)).isPresent();
        }
        assertThat(asked).hasValue(2);
        assertThatThrownBy(() -> identities.find(NEW)).isInstanceOf(ProblemException.class).hasMessageContaining("cannot be asked");
        assertThat(asked).as("a token that is not known here is asked for").hasValue(3);
    }

    @Test
    void aTokenThatIsOverIsNotTakenWhileNoCoordinatorAnswers() throws Exception {
        RegistryIdentities identities = identities(Duration.ofDays(1));
        assertThat(identities.find(KNOWN).orElseThrow().expiresAt()).isEqualTo(END);
        unavailable = true;
        assertThat(identities.find(KNOWN)).isPresent();
        now = END;
        assertThat(identities.find(KNOWN)).isEmpty();
    }
}
