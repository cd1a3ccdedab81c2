package dev.spillway.service.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Refuses requests that foreign web pages send through a browser on this machine. A browser sends the page's origin with changing requests, and tells
 * with every request to this machine whether the page is of another site. A page whose own name was made to resolve to this machine (DNS rebinding)
 * sends that name as the host, which has a dot and is not an address.
 */
final class WebPages {
    /**
     * Form of hosts that no foreign page can use: an address, a name without dots, or a name that means this machine by definition, each with or
     * without a port. Possessive quantifiers, because every request is matched.
     */
    private static final Pattern LOCAL = Pattern.compile(
            "([0-9.]*+|[^.]*+|\\[.*|(.*\\.)?localhost\\.?|localhost\\.localdomain)(:[0-9]*+)?",
            Pattern.CASE_INSENSITIVE);

    private WebPages() {}

    /** @param guarded whether a token is required, which a page with DNS rebinding does not have */
    static Optional<Problem> refused(HttpServerRequest request, boolean guarded) {
        String host = request.getHeader(HttpHeaders.HOST);
        if (!guarded && host != null && !LOCAL.matcher(host).matches()) {
            return Optional.of(
                    Problem.of(
                            ProblemType.OTHER_NAME,
                            "Host: %s (expected: an address, localhost, or a name without dots)".formatted(Problem.shown(host))));
        }
        String site = request.getHeader("Sec-Fetch-Site");
        if ("cross-site".equals(site) || "same-site".equals(site)) {
            return Optional.of(Problem.of(ProblemType.OTHER_ORIGIN, "Sec-Fetch-Site: %s (expected: same-origin, or none)".formatted(site)));
        }
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        return origin == null || origin.equals("http://" + host) || origin.equals("https://" + host) ? Optional.empty()
                : Optional.of(
                        Problem.of(
                                ProblemType.OTHER_ORIGIN,
                                "Origin: %s (expected: that of this service, or none)".formatted(Problem.shown(origin))));
    }
}
