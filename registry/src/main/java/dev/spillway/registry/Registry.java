package dev.spillway.registry;

import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.store.Changes;
import java.util.function.Consumer;

/**
 * The registry: the one place that knows every entry. Thread-safe; every method may block on storage.
 */
public interface Registry {
    /**
     * Carries out a command in a transaction of its own. When this returns the command is committed.
     *
     * @throws RegistryUnavailableException if the command was certainly not carried out; it is safe to try again later
     * @throws CommitUnknownException      if the connection was lost while committing
     */
    <A> A execute(Command<A> command);

    /**
     * Does the same as {@link #execute(Command)}, at most once per key. A repeated key gets the first answer and changes nothing. An
     * {@link Outcomes.Refusal} is not kept, so the key can be used again.
     *
     * @throws KeyReusedException if the key was used for another request
     */
    <A> A executeOnce(IdempotencyKey key, Command.OfClient<A> command);

    RegistryQueries queries();

    /** Calls {@code listener} after each commit that leaves something to publish. It must return at once and may be called by many threads. */
    void onCommit(Consumer<Changes.Wake> listener);
}
