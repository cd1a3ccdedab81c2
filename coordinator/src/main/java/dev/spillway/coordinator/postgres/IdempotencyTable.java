package dev.spillway.coordinator.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.coordinator.core.AddressedOrder;
import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.IdempotencyKey;
import dev.spillway.coordinator.core.KeyReusedException;
import dev.spillway.coordinator.core.Outcomes;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.Json;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Answers kept under idempotency keys, in the transaction of the command itself. Not thread-safe. */
final class IdempotencyTable {
    private static final ObjectMapper JSON = Json.tolerant();

    private record Kept(String request, String answer) {}

    private final Handle handle;

    IdempotencyTable(Handle handle) {
        this.handle = handle;
    }

    /**
     * Takes a key for this transaction, waiting for any other that has it in hand.
     *
     * @return the answer that is kept under it, or empty if the command is to be carried out
     * @throws KeyReusedException       if the key was used for another request
     * @throws TransactionConflict if the kept answer was deleted between two statements
     */
    <A> Optional<A> take(IdempotencyKey key, Command<A> command, Instant now) {
        JavaType type = answerType(command);
        int taken = handle.createUpdate(
                """
                        INSERT INTO idempotency_keys (caller, key, request, recorded_at) VALUES (:caller, :key, :request, :now) ON CONFLICT DO NOTHING""")
                .bind("caller", key.caller())
                .bind("key", key.key())
                .bind("request", key.request())
                .bind("now", now)
                .execute();
        if (taken == 1) {
            return Optional.empty();
        }
        Kept kept = handle.createQuery("SELECT request, answer FROM idempotency_keys WHERE caller = :caller AND key = :key")
                .bind("caller", key.caller())
                .bind("key", key.key())
                .map((row, context) -> new Kept(row.getString("request"), row.getString("answer")))
                .findOne()
                .orElseThrow(() -> new TransactionConflict("idempotency key " + key.key() + " expired while its answer was read", null));
        if (!kept.request().equals(key.request())) {
            throw new KeyReusedException(key);
        }
        try {
            A answer = JSON.readValue(kept.answer(), type);
            return Optional.of(answer);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored answer of " + key + ": " + kept.answer() + " (expected: " + type.toCanonical() + ")",
                    e);
        }
    }

    /** Keeps the answer of the command for which the key was taken in this transaction. */
    <A> void keep(IdempotencyKey key, Command<A> command, A answer) {
        String json;
        try {
            json = JSON.writerFor(answerType(command)).writeValueAsString(answer);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("answer: " + answer + " (expected: what can be written as JSON)", e);
        }
        handle.createUpdate("UPDATE idempotency_keys SET answer = :answer::jsonb WHERE caller = :caller AND key = :key")
                .bind("answer", json)
                .bind("caller", key.caller())
                .bind("key", key.key())
                .execute();
    }

    private static JavaType answerType(Command<?> command) {
        return switch (command) {
            case Command.SetPolicy _ -> JSON.constructType(Outcomes.PolicySetting.class);
            case Command.Put _ -> JSON.constructType(Outcomes.Putting.class);
            case Command.Get _ -> JSON.constructType(Outcomes.Getting.class);
            case Command.Invalidate _ -> JSON.constructType(Outcomes.Invalidation.class);
            case Command.Clean _ -> JSON.constructType(Outcomes.Cleaning.class);
            case Command.Sweep _ -> JSON.constructType(Outcomes.Swept.class);
            case Command.Retire _,Command.Readmit _ -> JSON.constructType(Outcomes.HostChange.class);
            case Command.TakeReports _,Command.ReturnOrders _,Command.FactsPublished _ -> JSON.constructType(Outcomes.Done.class);
            case Command.ClaimOrders _ -> JSON.getTypeFactory().constructCollectionType(List.class, AddressedOrder.class);
            case Command.ClaimFacts _ -> JSON.getTypeFactory().constructCollectionType(List.class, EvictionFact.class);
            case Command.FromWorker<?> message -> throw new IllegalArgumentException(
                    "command under an idempotency key: " + message.message().getClass().getSimpleName()
                            + " (expected: no worker's message, they are "
                            + "idempotent by their replica ids)");
        };
    }
}
