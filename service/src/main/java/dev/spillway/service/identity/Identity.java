package dev.spillway.service.identity;

import dev.spillway.api.Operation;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.Role;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The holder of a token or of a certificate.
 *
 * @param name       name in the audit trail: that of the token, or {@code host:HOST} for a certificate
 * @param namespaces the only namespaces that it is for; empty for all namespaces and for operations outside of namespaces
 * @param host       the only host in whose name a {@link Role#HOST} may act
 * @param expiresAt  expiry of its token; absent for a token that is valid until it is revoked, and for a certificate
 */
public record Identity(String name, Role role, Set<NamespaceName> namespaces, @Nullable HostId host, @Nullable Instant expiresAt) {
    /** Name of callers without a token, where none is required. */
    public static final String ANONYMOUS = "anonymous";

    public Identity {
        namespaces = Set.copyOf(namespaces);
    }

    /** Creates an identity that is valid until it is revoked. */
    public Identity(String name, Role role, Set<NamespaceName> namespaces, @Nullable HostId host) {
        this(name, role, namespaces, host, null);
    }

    /**
     * Checks that it may perform an operation.
     *
     * @param parameters parameters of the operation's path
     * @param namespace  namespace in the query; absent if there is none
     * @throws ProblemException if it is forbidden, with the expectation
     */
    public void require(Operation operation, Map<String, String> parameters, @Nullable String namespace) {
        if (!operation.roles().contains(role)) {
            throw forbidden(
                    "role: " + word(role) + " (expected: "
                            + String.join(" or ", operation.roles().stream().map(Identity::word).sorted().toList()) + ")");
        }
        String asked = parameters.getOrDefault("namespace", namespace);
        if (!namespaces.isEmpty() && !operation.anyNamespace()
                && (asked == null || namespaces.stream().noneMatch(allowed -> allowed.value().equals(asked)))) {
            throw forbidden("namespace: " + (asked == null ? "none named" : Problem.shown(asked)) + " (expected: one of the token's own)");
        }
        if (operation.roles().equals(Set.of(Role.HOST)) && host != null && parameters.containsKey("host")
                && !host.value().equals(parameters.get("host"))) {
            throw forbidden(
                    "host: " + Problem.shown(String.valueOf(parameters.get("host"))) + " (expected: " + host + ", for which it speaks)");
        }
    }

    /** Returns whether it is for this namespace; null stands for an unknown namespace. */
    public boolean isFor(@Nullable NamespaceName namespace) {
        return namespaces.isEmpty() || namespace != null && namespaces.contains(namespace);
    }

    private static String word(Role role) {
        return role.name().toLowerCase(java.util.Locale.ROOT);
    }

    private ProblemException forbidden(String why) {
        return Problem.of(ProblemType.FORBIDDEN, why).with("token", name).exception();
    }
}
