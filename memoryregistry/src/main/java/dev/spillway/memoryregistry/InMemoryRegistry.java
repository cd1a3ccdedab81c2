package dev.spillway.memoryregistry;

import dev.spillway.events.RegistryId;
import dev.spillway.registry.IdempotencyKey;
import dev.spillway.registry.KeyReusedException;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Decisions;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.decide.Transaction;
import dev.spillway.registry.store.Changes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * The registry without a database: the reference model that the stored one is compared with. One command at a time; everything is gone
 * with the process. Thread-safe.
 */
public final class InMemoryRegistry implements Registry {
    private record Kept(String request, Object answer) {}

    private MapRows rows;
    private final Decisions decisions;
    private final Duration grace;
    private final Map<String, Kept> answers = new HashMap<>();
    private final List<Consumer<Changes.Wake>> listeners = new CopyOnWriteArrayList<>();

    /**
     * Creates an empty registry.
     *
     * @param partitions number of partitions that hosts are spread over, 1 or more
     */
    public InMemoryRegistry(RegistryId id, int partitions, RegistryRules rules, InstantSource clock, RandomGenerator random) {
        rows = new MapRows(id, partitions, clock);
        decisions = new Decisions(rules, random);
        grace = rules.grace();
    }

    @Override
    public synchronized <A> A execute(Command<A> command) {
        Transaction transaction = new Transaction(rows);
        decisions.prepare(List.of(command), transaction);
        A answer = decisions.decide(command, transaction);
        Changes changes = transaction.changes();
        rows.apply(changes);
        Changes.Wake wake = changes.wake(transaction.now());
        listeners.forEach(listener -> listener.accept(wake));
        return answer;
    }

    // This command stored the answer, as its request digest proves.
    @SuppressWarnings("unchecked")
    @Override
    public synchronized <A> A executeOnce(IdempotencyKey key, Command.OfClient<A> command) {
        String name = key.caller() + "\n" + key.key();
        Kept kept = answers.get(name);
        if (kept != null && !kept.request().equals(key.request())) {
            throw new KeyReusedException(key);
        }
        if (kept != null) {
            return (A) kept.answer();
        }
        A answer = execute(command);
        if (!(answer instanceof Outcomes.Refusal)) {
            answers.put(name, new Kept(key.request(), (Object) answer));
        }
        return answer;
    }

    /** A state for {@link #restore}. */
    public static final class Backup {
        private final MapRows rows;
        private final Map<String, Kept> answers;

        private Backup(MapRows rows, Map<String, Kept> answers) {
            this.rows = rows;
            this.answers = answers;
        }
    }

    /** Returns a copy of the current state. */
    public synchronized Backup backUp() {
        return new Backup(rows.copy(), Map.copyOf(answers));
    }

    /** Forgets everything that came after, as a database does that is restored. Queries are to be asked for anew. */
    public synchronized void restore(Backup backup) {
        rows = backup.rows.copy();
        answers.clear();
        answers.putAll(backup.answers);
    }

    @Override
    public RegistryQueries queries() {
        return new MapQueries(rows, this, grace);
    }

    @Override
    public void onCommit(Consumer<Changes.Wake> listener) {
        listeners.add(listener);
    }
}
