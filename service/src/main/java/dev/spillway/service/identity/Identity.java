package dev.spillway.service.identity;

import dev.spillway.api.Operation;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.Role;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The holder of a token or of a certificate.
 *
 * @param name       of the token, or {@code host:HOST} of a certificate, as the audit trail shows it
 * @param namespaces the only ones that it is for; none where it is for all, and for what is in no namespace
 * @param host       the only host that a {@link Role#HOST} speaks for
 */
public record Identity(String name, Role role, Set<NamespaceName> namespaces, @Nullable HostId host) {
    public Identity {
        namespaces = Set.copyOf(namespaces);
    }

    /**
     * Refuses what it is not for.
     *
     * @param parameters of the operation's path
     * @param namespace  named by the query; absent if none is
     * @throws ProblemException forbidden, with what is expected
     */
    public void require(Operation operation, Map<String, String> parameters, @Nullable String namespace) {
        if (!operation.roles().contains(role)) {
            throw forbidden("role: " + word(role) + " (expected: "
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

    /** Returns whether it is for this namespace. Null is that of something whose namespace is not known. */
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
