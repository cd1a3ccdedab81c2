package dev.spillway.coordinator.postgres.statement;

import dev.spillway.registry.RegistryUnavailableException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Classes of failed statements, by what they mean for the command. */
public enum StorageFailure {
    /** Another transaction was in the way; the same command may succeed at once. */
    CONFLICT,
    /** The database cannot be reached, or did not answer in time. */
    UNAVAILABLE,
    /** The statement or the data are wrong. */
    DEFECT;

    private static final String UNIQUE_VIOLATION = "23505";
    private static final Set<String> CONFLICTS = Set.of("40001", "40P01", UNIQUE_VIOLATION);
    /** SQL states: cancelled by a timeout, lock not available, read-only after a failover, and timeouts of the session. */
    private static final Set<String> UNAVAILABLE_STATES = Set.of("57014", "55P03", "25006", "25P03", "25P04");
    /**
     * SQL state classes: connection, login, missing database, resources, operator intervention, input and output, and the driver itself, for example
     * an interrupt.
     */
    private static final Set<String> UNAVAILABLE_CLASSES = Set.of("08", "28", "3D", "53", "57", "58", "99");

    public static StorageFailure of(RuntimeException failure) {
        SQLException cause = sql(failure);
        if (cause == null) {
            return DEFECT;
        }
        String state = cause.getSQLState();
        if (cause instanceof SQLTransientConnectionException || state == null) {
            return UNAVAILABLE;
        }
        if (CONFLICTS.contains(state)) {
            return CONFLICT;
        }
        return UNAVAILABLE_STATES.contains(state) || UNAVAILABLE_CLASSES.contains(state.substring(0, 2)) ? UNAVAILABLE : DEFECT;
    }

    /** Returns a defect unchanged, and any other failure as a {@link RegistryUnavailableException} that names what could not be done. */
    public static RuntimeException told(String what, RuntimeException failure) {
        return of(failure) == DEFECT ? failure : new RegistryUnavailableException(what + ": " + why(failure), failure);
    }

    /** Returns whether the server itself said that the commit did not happen. */
    public static boolean isRolledBack(RuntimeException failure) {
        SQLException cause = sql(failure);
        return cause != null && cause.getSQLState() != null && cause.getSQLState().startsWith("40");
    }

    /** Returns the first line of the server's message, or else of the message of the driver or the connection pool. */
    public static String why(RuntimeException failure) {
        Throwable deepest = failure;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            deepest = cause instanceof SQLException ? cause : deepest;
        }
        return String.valueOf(deepest.getMessage()).lines().findFirst().orElse("");
    }

    public static @Nullable SQLException sql(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql) {
                return sql;
            }
        }
        return null;
    }
}
