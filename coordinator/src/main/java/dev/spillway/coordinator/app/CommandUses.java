package dev.spillway.coordinator.app;

import dev.spillway.registry.decide.Command;
import dev.spillway.service.LastUse;
import dev.spillway.service.UnusableServerException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Records which commands of the registry succeed and which fail, for readiness.
 *
 * <p>A sweep runs about every second. It locks rows for update, which a read-only database refuses, so a sweep that succeeds shows that the database
 * accepts writes. When disk or memory runs out, puts fail although a sweep that changes nothing succeeds. Failures of that class are therefore
 * recorded per kind of command. Thread-safe.
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
