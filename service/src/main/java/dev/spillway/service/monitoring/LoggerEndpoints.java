package dev.spillway.service.monitoring;

import dev.spillway.api.CommonApi;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.body.Loggers;
import dev.spillway.api.body.Page;
import dev.spillway.events.InvalidValueException;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.service.logging.LogLevels;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows and changes the levels of the process's loggers. */
final class LoggerEndpoints {
    private static final Logger LOG = LoggerFactory.getLogger(LoggerEndpoints.class);

    private LoggerEndpoints() {}

    static List<Endpoint> all() {
        return List.of(
                Endpoint.of(CommonApi.LIST_LOGGERS, LoggerEndpoints::list).always(),
                Endpoint.of(CommonApi.SET_LOGGER, LoggerEndpoints::set).json().always());
    }

    private static Response list(Request request) {
        var under = request.query().text("under");
        var loggers = under.map(LogLevels::under).orElseGet(LogLevels::own);
        if (loggers.isEmpty()) {
            throw unknown(under.orElse(""));
        }
        return Response.ok(Page.whole(loggers));
    }

    private static ProblemException unknown(String name) {
        var refusal =
                new InvalidValueException("logger", name, "ROOT, or a package or class that has logged or may log, such as dev.spillway");
        return Problem.of(ProblemType.UNKNOWN_LOGGER, String.valueOf(refusal.getMessage())).exception();
    }

    private static Response set(Request request) {
        var name = request.parameter("name");
        var level = request.body(Loggers.Change.class).level();
        try {
            var changed = LogLevels.set(name, level).orElseThrow(() -> unknown(name));
            LOG.info("level of {}: {}", changed.name(), level == null ? "inherited, " + changed.effectiveLevel() : level);
            return Response.ok(changed);
        } catch (IllegalArgumentException e) {
            throw Problem.invalid(String.valueOf(e.getMessage())).exception();
        }
    }
}
