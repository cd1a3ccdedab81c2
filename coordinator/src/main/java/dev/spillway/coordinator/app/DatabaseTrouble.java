package dev.spillway.coordinator.app;

import dev.spillway.coordinator.postgres.PostgresRegistrySettings;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.service.ConnectionTrouble;
import dev.spillway.service.UnusableServerException;
import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Explains why a database cannot be used. Some causes end by themselves, others need an operator. */
final class DatabaseTrouble {
    /** Disk full, out of memory. */
    private static final Set<String> OUT_OF_SPACE = Set.of("53100", "53200");

    private DatabaseTrouble() {}

    static UnusableServerException explained(RegistryUnavailableException failure, PostgresRegistrySettings settings) {
        return new UnusableServerException(inWords(failure, settings.user()), failure);
    }

    static String inWords(RuntimeException failure, String user) {
        @Nullable
        SQLException refusal = refusal(failure);
        String state = refusal == null || refusal.getSQLState() == null ? "" : refusal.getSQLState();
        return switch (state) {
            case "28P01" -> "authentication failed, user " + user + " with this password was refused";
            case "28000", "08004" -> "authentication failed, user " + user + " was refused: " + said(refusal);
            case "3D000" -> "the database does not exist";
            case "42501" -> "user " + user + " may not do what is needed: " + said(refusal);
            case "53300" -> "too many connections are open there";
            case "08001" ->
                    ConnectionTrouble.of(failure).orElse("something listens there and does not answer as PostgreSQL does, timed out");
            case "57P03" -> "it is starting up or shutting down";
            default -> ConnectionTrouble.of(failure).orElseGet(() -> refusal == null ? ConnectionTrouble.inWords(failure) : said(refusal));
        };
    }

    /** Returns whether the server lacked disk or memory for the statement. Smaller statements may still succeed. */
    static boolean isOutOfSpace(RuntimeException failure) {
        SQLException refusal = refusal(failure);
        return refusal != null && OUT_OF_SPACE.contains(String.valueOf(refusal.getSQLState()));
    }

    private static @Nullable SQLException refusal(Throwable failure) {
        SQLException deepest = null;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            deepest = cause instanceof SQLException sql ? sql : deepest;
        }
        return deepest;
    }

    /** Returns the server's message without severity and details. */
    private static String said(@Nullable SQLException refusal) {
        String message = refusal == null ? "" : String.valueOf(refusal.getMessage());
        return message.lines().findFirst().orElse("").replaceFirst("^[A-Z]+: ", "");
    }
}
