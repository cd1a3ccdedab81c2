package dev.spillway.cli.option;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.Headers;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.api.RequestTarget;
import dev.spillway.api.body.Page;
import dev.spillway.cli.CommandFailedException;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.output.HumanText;
import dev.spillway.client.http.Call;
import dev.spillway.client.http.ClientSecurity;
import dev.spillway.client.http.JsonClient;
import dev.spillway.client.http.NoContent;
import dev.spillway.client.http.Outcome;
import dev.spillway.client.http.ServerAddress;
import dev.spillway.events.codec.Json;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A server as a client command uses it, or several equivalent ones. If one does not carry out a request, the next one is used from then on. Every
 * error is thrown as a {@link CommandFailedException} with its outcome. Not thread-safe.
 */
public final class Server {
    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(5);
    private static final Duration READ_WITHIN = Duration.ofSeconds(30);
    private static final Duration CHANGE_WITHIN = Duration.ofSeconds(60);
    private static final long ANSWER_BYTES_MAX = 256 << 20;
    private static final int NOT_READY = 503;
    private static final ObjectMapper MAPPER = Json.tolerant();

    /** The JSON answer of a server to a request that it carried out. */
    public record Answer(JsonNode json) {
        public <T> T as(Class<T> type) {
            return read(MAPPER.constructType(type));
        }

        public <T> Page<T> listOf(Class<T> item) {
            return read(MAPPER.getTypeFactory().constructParametricType(Page.class, item));
        }

        @SuppressWarnings("TypeParameterUnusedInFormals") // The caller passes the return type.
        private <T> T read(JavaType type) {
            try {
                return MAPPER.treeToValue(json, type);
            } catch (JsonProcessingException e) {
                throw notUnderstood(e.getOriginalMessage());
            }
        }

        public String text() {
            return json.toString();
        }
    }

    private final String name;
    private final List<ServerAddress> addresses;
    private final String option;
    private final JsonClient http;
    private int asked;

    private Server(String name, List<ServerAddress> addresses, String option, JsonClient http) {
        this.name = name;
        this.addresses = List.copyOf(addresses);
        this.option = option;
        this.http = http;
    }

    /**
     * Returns a server with several addresses.
     *
     * @param name      name for people, such as {@code coordinator}
     * @param addresses addresses in the order in which they are tried, at least one
     * @param option    option that sets the address, for messages
     */
    static Server at(String name, List<ServerAddress> addresses, String option, ClientSecurity security) {
        return new Server(name, addresses, option, new JsonClient(MAPPER, CONNECT_WITHIN, ANSWER_BYTES_MAX, security));
    }

    public String name() {
        return name;
    }

    /** Returns the address that was used last; before the first request, the first one. */
    public ServerAddress address() {
        return addresses.get(asked);
    }

    /** Sends a request to one address. */
    @FunctionalInterface
    private interface Sending<T> {
        Outcome<T> to(ServerAddress address) throws InterruptedException;
    }

    private <T> Outcome<T> ask(Sending<T> sending) throws InterruptedException {
        Outcome<T> outcome = sending.to(address());
        for (int more = addresses.size() - 1; more > 0 && isNotTaken(outcome); more--) {
            asked = (asked + 1) % addresses.size();
            outcome = sending.to(address());
        }
        return outcome;
    }

    /** Returns whether nothing was done and another server may carry the request out. */
    private static boolean isNotTaken(Outcome<?> outcome) {
        return outcome instanceof Outcome.Unreachable<?>
                || outcome instanceof Outcome.Refused<?>(var problem) && problem.type() == ProblemType.STOPPING;
    }

    public static ObjectMapper mapper() {
        return MAPPER;
    }

    public Answer get(RequestTarget target) throws InterruptedException {
        return answer(Call.of(target, READ_WITHIN));
    }

    /** Reads what may take long, because it is made first. */
    public Answer get(RequestTarget target, Duration within) throws InterruptedException {
        return answer(Call.of(target, within));
    }

    /** Does the same as {@link #get}, but accepts the status 503, whose body tells which part is not ready. */
    public Answer getReadiness(RequestTarget target) throws InterruptedException {
        return answer(Call.of(target, READ_WITHIN).answeredBy(NOT_READY));
    }

    /** Sends a change without a body. */
    public Answer send(RequestTarget target) throws InterruptedException {
        return answer(change(target, CHANGE_WITHIN));
    }

    /** Sends a change without a body that may take long. */
    public Answer sendWithin(Duration within, RequestTarget target) throws InterruptedException {
        return answer(change(target, within));
    }

    public Answer send(RequestTarget target, Object body) throws InterruptedException {
        return send(target, body, CHANGE_WITHIN);
    }

    public Answer send(RequestTarget target, Object body, Duration within) throws InterruptedException {
        return answer(change(target, within).body(body));
    }

    /** Sends a change whose answer has no content. */
    public void order(RequestTarget target) throws InterruptedException {
        order(CHANGE_WITHIN, target);
    }

    public void order(Duration within, RequestTarget target) throws InterruptedException {
        Call call = change(target, within);
        var _ = known(call, ask(address -> http.send(address, call, NoContent.class)));
    }

    /**
     * Opens an endless stream; returns null while a server that answered before is away or refuses temporarily.
     *
     * @param before whether the server answered before
     */
    @Nullable
    public InputStream follow(RequestTarget target, @Nullable String lastEventId, boolean before) throws InterruptedException {
        Call call = Call.of(target, READ_WITHIN).header("Accept", "text/event-stream");
        Call from = lastEventId == null ? call : call.header(Headers.LAST_EVENT_ID, lastEventId);
        Outcome<InputStream> outcome = ask(address -> http.open(address, from));
        boolean forGood = switch (outcome) {
            case Outcome.Answer<InputStream> _ -> true;
            case Outcome.Refused<InputStream>(var problem) -> problem.status() < 500;
            case Outcome.Unreachable<InputStream> _, Outcome.Unknown<InputStream> _ ->
                    false;
        };
        return forGood || !before ? known(from, outcome) : null;
    }

    private static Call change(RequestTarget target, Duration within) {
        return Call.of(target, within).idempotencyKey(UUID.randomUUID().toString());
    }

    private Answer answer(Call call) throws InterruptedException {
        return new Answer(known(call, ask(address -> http.send(address, call, JsonNode.class))));
    }

    private <T> T known(Call call, Outcome<T> outcome) {
        if (outcome instanceof Outcome.Answer<T>(var _, var body)) {
            // The common case is tested first, because a switch over types is linked anew in each process.
            return body;
        }
        return switch (outcome) {
            case Outcome.Answer<T> answer -> answer.body();
            case Outcome.Refused<T>(var problem) -> throw new CommandFailedException(refused(problem));
            case Outcome.Unreachable<T>(var why) -> throw new CommandFailedException(
                    CommandOutcome.notReachable(
                            "%s at %s: not reachable, %s (expected: a running %s; %s says where)".formatted(
                                    name,
                                    addresses.stream().map(ServerAddress::toString).collect(Collectors.joining(", ")),
                                    cause(call, why).replaceFirst("^not reachable: ", ""),
                                    name,
                                    option)));
            case Outcome.Unknown<T>(var why) -> throw new CommandFailedException(
                    CommandOutcome.notReachable(
                            "%s at %s: the answer was lost, %s%s".formatted(
                                    name,
                                    address(),
                                    cause(call, why),
                                    call.method().equals("GET") ? "" : "; whether it was done is unknown, look before you ask again")));
        };
    }

    /** Removes the request from a message, because it repeats the address. */
    private String cause(Call call, String why) {
        return why.replace(call.method() + " " + address() + call.path() + ": ", "");
    }

    private CommandOutcome refused(Problem problem) {
        JsonNode service = problem.extensions().get("service");
        if (service != null && !service.asText().startsWith(kind())) {
            return CommandOutcome.failed(
                    "%s answers at %s (expected: a %s; %s says where)".formatted(
                            HumanText.printable(service.asText()),
                            address(),
                            kind(),
                            option));
        }
        String line = problem.type() == ProblemType.OTHER ? "the server answered " + problem.detail()
                : problem.type().title() + ": " + problem.detail() + next(problem);
        boolean absent = problem.status() == 404 && problem.type() != ProblemType.OTHER && problem.type() != ProblemType.UNKNOWN_PATH;
        return absent ? CommandOutcome.notFound(line) : CommandOutcome.failed(line);
    }

    /** Returns the command to run next after a refusal. */
    private static String next(Problem problem) {
        JsonNode plan = problem.extensions().get("planId");
        return problem.type() == ProblemType.PLAN_NEEDED && plan != null
                ? "; to evict them: spillway plans apply " + HumanText.printable(plan.asText())
                : "";
    }

    /** Returns {@code coordinator} or {@code worker}, as the services name themselves. */
    private String kind() {
        return name.split(" ", 2)[0];
    }

    public static CommandFailedException notUnderstood(String why) {
        return new CommandFailedException(CommandOutcome.failed("the server's answer was not understood: " + why));
    }
}
