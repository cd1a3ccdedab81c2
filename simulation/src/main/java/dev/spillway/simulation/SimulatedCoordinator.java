package dev.spillway.simulation;

import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.AddressedOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The process of one coordinator. Commands that arrive while a transaction is open are gathered for the next one. Commands that need a transaction of
 * their own run in parallel to it. The process publishes due orders and facts, takes reports and sweeps. When it crashes, its open transactions roll
 * back and their callers get no answers.
 */
final class SimulatedCoordinator {
    private static final int PUBLISH_EVERY = 10_000;
    private static final int SWEEP_EVERY = 11_000;
    private static final int AT_ONCE = 20;

    private record Asked(Command<?> command, Consumer<Object> answered) {}

    private final String name;
    private final SimulatedDatabase database;
    private final Timeline timeline;
    private final Faults faults;
    private final Broker broker;
    private final Story story;
    private final Coordinators.Shared shared;
    private final Deque<Asked> gathered = new ArrayDeque<>();
    private final Set<SimulatedTransaction> open = new LinkedHashSet<>();
    private boolean up;
    private boolean batchOpen;
    private boolean publishing;
    private boolean readingReports;
    private int life;

    SimulatedCoordinator(
            int number,
            SimulatedDatabase database,
            Timeline timeline,
            Faults faults,
            Broker broker,
            Story story,
            Coordinators.Shared shared) {
        this.name = "coordinator-" + number;
        this.database = database;
        this.timeline = timeline;
        this.faults = faults;
        this.broker = broker;
        this.story = story;
        this.shared = shared;
        broker.onRecord(this::readReportsSoon);
        start();
    }

    boolean isUp() {
        return up;
    }

    private void start() {
        up = true;
        life++;
        repeat(PUBLISH_EVERY, () -> {
            publish();
            readReportsSoon();
        });
        repeat(SWEEP_EVERY, () -> {
            execute(new Command.Sweep(AT_ONCE), swept -> {});
            execute(new Command.Expire(AT_ONCE), expired -> {});
            execute(new Command.Relieve(AT_ONCE), relieved -> {});
        });
    }

    private void repeat(int everyMillis, Runnable work) {
        later(everyMillis, () -> {
            work.run();
            repeat(everyMillis, work);
        });
    }

    private void later(int millis, Runnable action) {
        int current = life;
        timeline.after(millis, () -> {
            if (up && life == current) {
                action.run();
            }
        });
    }

    void crash() {
        if (!up) {
            return;
        }
        up = false;
        story.tell(name, "dies");
        gathered.clear();
        batchOpen = false;
        publishing = false;
        readingReports = false;
        List<SimulatedTransaction> cut = List.copyOf(open);
        open.clear();
        cut.forEach(database::abandon);
        timeline.after(faults.delay() + 1_000, this::start);
    }

    /** Carries out a command. There is no answer if this process crashes before. */
    <A> void execute(Command<A> command, Consumer<A> answered) {
        if (!up) {
            return;
        }
        // The answer belongs to this command, so it has the command's answer type.
        @SuppressWarnings("unchecked")
        Asked asked = new Asked(command, answer -> answered.accept((A) answer));
        if (command.goesAlone()) {
            begin(List.of(asked), () -> {});
        } else {
            gathered.add(asked);
            beginBatch();
        }
    }

    private void beginBatch() {
        if (!batchOpen && !gathered.isEmpty()) {
            batchOpen = true;
            List<Asked> batch = List.copyOf(gathered);
            gathered.clear();
            begin(batch, () -> {
                batchOpen = false;
                beginBatch();
            });
        }
    }

    private void begin(List<Asked> batch, Runnable ended) {
        int current = life;
        SimulatedTransaction transaction = database.begin(batch.stream().<Command<?>>map(Asked::command).toList(), (one, answers) -> {
            if (life != current || !up) {
                return;
            }
            open.remove(one);
            ended.run();
            for (int index = 0; index < batch.size(); index++) {
                batch.get(index).answered().accept(answers.get(index));
            }
        });
        if (!transaction.isOver()) {
            open.add(transaction);
            if (faults.crashes()) {
                crash();
            }
        }
    }

    // Publishing.

    void publish() {
        if (!up || publishing || !broker.isUp()) {
            return;
        }
        publishing = true;
        execute(new Command.ClaimOrders(AT_ONCE), orders -> {
            List<ReplicaId> unsent = new ArrayList<>();
            for (AddressedOrder addressed : orders) {
                if (faults.crashes()) {
                    crash();
                    return;
                }
                if (faults.loses()) {
                    unsent.add(addressed.order().replicaId());
                    continue;
                }
                broker.order(addressed.partition(), addressed.order());
                if (faults.duplicates()) {
                    broker.order(addressed.partition(), addressed.order());
                }
            }
            if (!unsent.isEmpty()) {
                execute(new Command.ReturnOrders(unsent), (Outcomes.Done done) -> {});
            }
            publishFacts();
        });
    }

    private void publishFacts() {
        execute(new Command.ClaimFacts(AT_ONCE), facts -> {
            List<EvictionId> published = new ArrayList<>();
            for (EvictionFact fact : facts) {
                if (!faults.loses()) {
                    shared.factsOnTopic().add(fact.id());
                    published.add(fact.id());
                }
            }
            publishing = false;
            if (faults.crashes()) {
                crash();
            } else if (!published.isEmpty()) {
                execute(new Command.FactsPublished(published), (Outcomes.Done done) -> {});
            }
        });
    }

    // Reports.

    private void readReportsSoon() {
        if (up && !readingReports && broker.isUp() && shared.reportsTaken() < broker.reports().end()) {
            readingReports = true;
            later(20, this::readReports);
        }
    }

    private void readReports() {
        List<Report> batch = new ArrayList<>();
        int from = broker.reports().from(shared.reportsTaken());
        int to = Math.min(broker.reports().end(), from + AT_ONCE);
        for (int offset = from; offset < to; offset++) {
            Report report = broker.reports().read(offset);
            if (report != null) {
                batch.add(report);
            }
        }
        execute(new Command.TakeReports(batch), (Outcomes.Done done) -> {
            if (faults.crashes()) {
                // The offset is not committed, so the same reports are read again.
                crash();
                return;
            }
            shared.tookReports(to);
            readingReports = false;
            readReportsSoon();
        });
    }
}
