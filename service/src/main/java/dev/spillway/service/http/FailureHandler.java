package dev.spillway.service.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.events.InvalidValueException;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers every failure of a route as a problem: what was refused by name, and what is a defect by an id under which the log has the cause. */
final class FailureHandler implements Handler<RoutingContext> {
    private static final Logger LOG = LoggerFactory.getLogger(FailureHandler.class);

    /** Problems of how a message is framed: behind it nobody knows where the next one begins. */
    private static final Set<ProblemType> ENDING = Set.of(ProblemType.MALFORMED_REQUEST, ProblemType.UNSUPPORTED_TRANSFER_ENCODING);

    private final HttpService.Options options;
    private final Answers answers;
    private final Connections connections;

    FailureHandler(HttpService.Options options, Answers answers, Connections connections) {
        this.options = options;
        this.answers = answers;
        this.connections = connections;
    }

    @Override
    public void handle(RoutingContext context) {
        var response = context.response();
        var what = context.request().method() + " " + context.request().path();
        boolean gone = response.closed() || context.failure() instanceof ClientGoneException;
        if (gone || response.headWritten()) {
            if (gone) {
                LOG.debug("{}: {}", what, String.valueOf(context.failure()));
            } else if (!response.ended()) {
                LOG.warn("{}: broken off in the middle of the body: {}", what, String.valueOf(context.failure()));
            }
            if (!response.ended()) {
                response.reset().onFailure(cause -> LOG.debug("{}: {}", what, cause.toString()));
            }
            return;
        }
        var problem = problem(what, context);
        boolean ending = ENDING.contains(problem.type());
        answers.problem(context, problem, ending ? Map.of(HttpHeaders.CONNECTION, HttpHeaders.CLOSE) : Map.of());
        if (ending) {
            connections.takeNoMore(context.request().connection());
        }
    }

    private Problem problem(String what, RoutingContext context) {
        return switch (context.failure()) {
            case ProblemException refused -> refused.problem();
            case InvalidValueException refused -> Problem.invalid(String.valueOf(refused.getMessage()));
            case InterruptedException _ -> Answers.stopping();
            case null -> switch (context.statusCode()) {
                case 413 -> BodyStream.tooLarge(Request.of(context).jsonBytesMax());
                case 417 -> Problem.of(ProblemType.MALFORMED_REQUEST, "Expect: not understood (expected: 100-continue)").status(417);
                default -> EndpointRouter.misframed(context.request())
                        .orElseGet(() -> Problem.of(ProblemType.MALFORMED_PATH, what + ": it begins with no slash"));
            };
            // The router fails with 400 what it cannot take, and BodyHandler with 200 or 400 a body whose chunks cannot be decoded.
            case Throwable failure when context.statusCode() == 200 || context.statusCode() == 400 ->
                    Problem.of(ProblemType.MALFORMED_REQUEST,
                            "request: %s (expected: HTTP 1.1 with one Host, and a body of its Content-Length or in whole chunks)"
                                    .formatted(Problem.shown(String.valueOf(failure.getMessage()))));
            case Throwable failure -> options.failures().apply(failure).orElseGet(() -> {
                var errorId = UUID.randomUUID().toString();
                LOG.error("{}: error id {}", what, errorId, failure);
                return Problem.of(ProblemType.INTERNAL_ERROR, "the log of the service has the cause under error id " + errorId)
                        .with("errorId", errorId);
            });
        };
    }
}
