package dev.spillway.service.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Keeps web pages of others from using a browser on this machine to ask this service. A browser names the page's origin when it changes something, and says
 * with every request to this machine whether the page is of another site. A page whose own name was made to point here (DNS rebinding) asks by that name, which has a dot and is no address.
 */
final class WebPages {
    /** An address, a name without dots, or one that is of this machine by definition; with or without a port. Each request is matched, most at once. */
    private static final Pattern LOCAL = Pattern.compile("([0-9.]*+|[^.]*+|\\[.*|(.*\\.)?localhost\\.?|localhost\\.localdomain)(:[0-9]*+)?",
            Pattern.CASE_INSENSITIVE);

    private WebPages() {}

    /** @param guarded whether a token is needed, which a page that points its own name here does not have */
    static Optional<Problem> refused(HttpServerRequest request, boolean guarded) {
        String host = request.getHeader(HttpHeaders.HOST);
        if (!guarded && host != null && !LOCAL.matcher(host).matches()) {
            return Optional.of(Problem.of(ProblemType.OTHER_NAME,
                    "Host: %s (expected: an address, localhost, or a name without dots)".formatted(Problem.shown(host))));
        }
        String site = request.getHeader("Sec-Fetch-Site");
        if ("cross-site".equals(site) || "same-site".equals(site)) {
            return Optional.of(Problem.of(ProblemType.OTHER_ORIGIN, "Sec-Fetch-Site: %s (expected: same-origin, or none)".formatted(site)));
        }
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        return origin == null || origin.equals("http://" + host) || origin.equals("https://" + host) ? Optional.empty()
                : Optional.of(Problem.of(ProblemType.OTHER_ORIGIN,
                        "Origin: %s (expected: that of this service, or none)".formatted(Problem.shown(origin))));
    }
}
