package dev.spillway.service.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Keeps web pages of others from using a browser on this machine to ask this service. A browser names the page's origin when it changes something, and says
 * with every request to this machine whether the page is of another site. A page whose own name was made to point here (DNS rebinding) asks by that name, which has a dot and is no address.
 */
final class WebPages {
    private static final Pattern LOCAL = Pattern.compile("(.*\\.)?localhost\\.?|localhost\\.localdomain", Pattern.CASE_INSENSITIVE);

    private WebPages() {}

    static Optional<Problem> refused(HttpServerRequest request) {
        String host = request.getHeader(HttpHeaders.HOST);
        if (host != null && !isLocal(host)) {
            return Optional.of(Problem.of(ProblemType.OTHER_NAME,
                    "Host: %s (expected: an address, localhost, or a name without dots)".formatted(Problem.shown(host))));
        }
        String site = request.getHeader("Sec-Fetch-Site");
        if ("cross-site".equals(site) || "same-site".equals(site)) {
            return Optional.of(Problem.of(ProblemType.OTHER_ORIGIN, "Sec-Fetch-Site: %s (expected: same-origin, or none)".formatted(site)));
        }
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        return origin == null || isSame(origin, host) ? Optional.empty()
                : Optional.of(Problem.of(ProblemType.OTHER_ORIGIN,
                        "Origin: %s (expected: that of this service, or none)".formatted(Problem.shown(origin))));
    }

    private static boolean isSame(String origin, @Nullable String host) {
        return origin.equals("http://" + host) || origin.equals("https://" + host);
    }

    private static boolean isLocal(String host) {
        int colon = host.lastIndexOf(':');
        String name = colon < 0 || host.startsWith("[") ? host : host.substring(0, colon);
        return name.startsWith("[") || name.indexOf('.') < 0 || LOCAL.matcher(name).matches()
                || name.chars().allMatch(character -> character == '.' || (character >= '0' && character <= '9'));
    }
}
