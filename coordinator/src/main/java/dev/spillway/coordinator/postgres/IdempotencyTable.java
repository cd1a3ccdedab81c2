package dev.spillway.coordinator.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.coordinator.postgres.statement.TransactionConflict;
import dev.spillway.events.codec.Json;
import dev.spillway.registry.IdempotencyKey;
import dev.spillway.registry.KeyReusedException;
import dev.spillway.registry.decide.Command;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Answers kept under idempotency keys, in the transaction of the command itself. A refusal is not kept. Not thread-safe. */
public final class IdempotencyTable {
    private static final ObjectMapper JSON = Json.tolerant();

    private record Kept(String request, String answer) {}

    private final Handle handle;

    public IdempotencyTable(Handle handle) {
        this.handle = handle;
    }

    /** The result of taking a key. */
    public sealed interface Taken {
        /** The key is new, and the command must be carried out. */
        record First() implements Taken {}

        /** The command was carried out before, with this answer. */
        record Again(Object answer) implements Taken {}

        /** The key was used for another request. */
        record Reused(KeyReusedException failure) implements Taken {}
    }

    private record Name(String caller, String key) {}

    /**
     * Takes the keys of commands for this transaction. Waits for other transactions that have taken one of them.
     *
     * @param asked commands with keys, all of them different
     * @throws TransactionConflict if a kept answer was deleted between two statements
     */
    public Map<PendingCommand<?>, Taken> take(Collection<PendingCommand<?>> asked, Instant now) {
        Map<PendingCommand<?>, Taken> taken = new HashMap<>();
        if (asked.isEmpty()) {
            return taken;
        }
        Set<Name> first = new HashSet<>(
                keys(asked).texts("requests", command -> key(command).request())
                        .bindTo(handle.createQuery("""
                                INSERT INTO idempotency_keys (caller, key, request, recorded_at)
                                SELECT u.caller, u.key, u.request, :now FROM unnest(:callers, :keys, :requests) AS u (caller, key, request)
                                ORDER BY u.caller, u.key ON CONFLICT DO NOTHING RETURNING caller, key"""))
                        .bind("now", now)
                        .map((row, context) -> new Name(row.getString("caller"), row.getString("key")))
                        .list());
        Map<Name, Kept> kept = first.size() == asked.size() ? Map.of() : kept(asked);
        for (PendingCommand<?> command : asked) {
            Name name = name(key(command));
            taken.put(command, first.contains(name) ? new Taken.First() : again(command, kept.get(name)));
        }
        return taken;
    }

    private Map<Name, Kept> kept(Collection<PendingCommand<?>> asked) {
        Map<Name, Kept> kept = new HashMap<>();
        keys(asked).bindTo(handle.createQuery("""
                SELECT i.caller, i.key, i.request, i.answer FROM unnest(:callers, :keys) AS u (caller, key)
                JOIN idempotency_keys i ON i.caller = u.caller AND i.key = u.key"""))
                .map(
                        (row, context) -> Map.entry(
                                new Name(row.getString("caller"), row.getString("key")),
                                new Kept(row.getString("request"), row.getString("answer"))))
                .forEach(found -> kept.put(found.getKey(), found.getValue()));
        return kept;
    }

    private static Taken again(PendingCommand<?> command, @Nullable Kept kept) {
        IdempotencyKey key = key(command);
        if (kept == null) {
            throw new TransactionConflict("idempotency key " + key.key() + " expired while its answer was read", null);
        }
        if (!kept.request().equals(key.request())) {
            return new Taken.Reused(new KeyReusedException(key));
        }
        JavaType type = answerType(command.command());
        try {
            return new Taken.Again(JSON.readValue(kept.answer(), type));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(
                    "stored answer of " + key + ": " + kept.answer() + " (expected: " + type.getRawClass().getName() + ")",
                    e);
        }
    }

    /** Keeps the answers of commands for which keys were taken in this transaction. */
    public static void keep(Map<PendingCommand<?>, Object> answers, Script script) {
        keys(answers.keySet()).texts("answers", command -> json(command, answers.get(command)))
                .addTo(script, """
                        UPDATE idempotency_keys i SET answer = u.answer
                        FROM unnest(:callers, :keys, :answers::text[]::jsonb[]) AS u (caller, key, answer)
                        WHERE i.caller = u.caller AND i.key = u.key""");
    }

    /** Frees the keys of commands that changed nothing, so that each can be carried out later. They were taken in this transaction. */
    public static void release(Collection<PendingCommand<?>> refused, Script script) {
        keys(refused).addTo(script, """
                DELETE FROM idempotency_keys i USING unnest(:callers, :keys) AS u (caller, key)
                WHERE i.caller = u.caller AND i.key = u.key""");
    }

    private static String json(PendingCommand<?> command, @Nullable Object answer) {
        try {
            return JSON.writerFor(answerType(command.command())).writeValueAsString(answer);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("answer: " + answer + " (expected: what can be written as JSON)", e);
        }
    }

    private static Columns<PendingCommand<?>> keys(Collection<PendingCommand<?>> of) {
        return Columns.of(of).texts("callers", command -> key(command).caller()).texts("keys", command -> key(command).key());
    }

    private static Name name(IdempotencyKey key) {
        return new Name(key.caller(), key.key());
    }

    private static IdempotencyKey key(PendingCommand<?> command) {
        IdempotencyKey key = command.key();
        if (key == null) {
            throw new IllegalArgumentException("command without an idempotency key: " + command.name());
        }
        return key;
    }

    /** Returns the type of the answer that the record of a command names. */
    private static JavaType answerType(Command<?> command) {
        return switch (command) {
            case Command.By<?> named -> answerType(named.command());
            case Command.OfClient<?> asked ->
                    JSON.getTypeFactory().findTypeParameters(JSON.constructType(asked.getClass()), Command.OfClient.class)[0];
            default ->
                    throw new IllegalArgumentException(
                            "command under an idempotency key: " + command.kind() + " (expected: one of a client)");
        };
    }
}
