package dev.spillway.coordinator.app;

import dev.spillway.coordinator.core.Command;
import dev.spillway.service.LastUse;
import dev.spillway.service.UnusableServerException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Records how the registry's commands went, for readiness.
 *
 * <p>A sweep locks rows for a change, which a read-only database refuses, and runs about every second. So only a sweep that works shows that the
 * database takes writes. When space runs out, puts fail while a sweep that changes nothing works. So such failures are recorded by the command's
 * kind. Thread-safe.
 */
final class CommandUses {
    private final String user;
    private final LastUse writes = new LastUse();
    private final Map<String, LastUse> withoutSpace = new ConcurrentHashMap<>();

    /** @param user user of the database, for messages */
    CommandUses(String user) {
        this.user = user;
    }

    void worked(Command<?> command, String kind) {
        if (command instanceof Command.Sweep) {
            writes.worked();
        }
        LastUse use = withoutSpace.get(kind);
        if (use != null) {
            use.worked();
        }
    }

    void failed(String kind, RuntimeException failure) {
        LastUse use = DatabaseTrouble.isOutOfSpace(failure) ? withoutSpace.computeIfAbsent(kind, ignored -> new LastUse()) : writes;
        use.failed(kind + ": " + DatabaseTrouble.inWords(failure, user));
    }

    /** @throws UnusableServerException if commands fail, saying which and why */
    void requireWorking() throws UnusableServerException {
        writes.requireWorking();
        for (LastUse use : withoutSpace.values()) {
            use.requireWorking();
        }
    }
}
