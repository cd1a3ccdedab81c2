package dev.spillway.simulation;

import dev.spillway.coordinator.core.AddressedOrder;
import dev.spillway.coordinator.core.Changes;
import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.InMemoryRegistry;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.worker.core.Delivery;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Several coordinators on one registry. Each answers messages and publishes orders and facts; each may die between its commit and whatever
 * should follow it.
 */
final class Coordinators {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Duration PUBLISH_EVERY = Duration.ofSeconds(1);
    private static final Duration SWEEP_EVERY = Duration.ofSeconds(5);
    private static final int AT_ONCE = 20;

    private final Timeline timeline;
    private final Faults faults;
    private final Broker broker;
    private final InMemoryRegistry registry;
    private final Invariants invariants;
    private final Story story;
    private final boolean[] up;
    private final Set<EvictionId> factsOnTopic = new HashSet<>();
    private int reportsTaken;
    private boolean publishSoon;

    Coordinators(int count, Timeline timeline, Faults faults, Broker broker, InMemoryRegistry registry, Invariants invariants,
            Story story) {
        this.timeline = timeline;
        this.faults = faults;
        this.broker = broker;
        this.registry = registry;
        this.invariants = invariants;
        this.story = story;
        up = new boolean[count];
        for (int number = 0; number < count; number++) {
            up[number] = true;
            int one = number;
            timeline.after(PUBLISH_EVERY, () -> publishAgain(one));
            timeline.after(SWEEP_EVERY, () -> sweepAgain(one));
        }
        registry.onCommit(this::wake);
    }

    Set<EvictionId> factsOnTopic() {
        return factsOnTopic;
    }

    int count() {
        return up.length;
    }

    private void wake(Changes.Wake wake) {
        if ((wake.orders() || wake.facts()) && !publishSoon) {
            publishSoon = true;
            timeline.after(faults.delay(), () -> {
                publishSoon = false;
                for (int number = 0; number < up.length; number++) {
                    publish(number);
                }
            });
        }
    }

    void crash(int number) {
        if (up[number]) {
            up[number] = false;
            story.tell("coordinator-" + number, "dies");
            timeline.after(faults.delay().plusSeconds(1), () -> restart(number));
        }
    }

    void restart(int number) {
        up[number] = true;
    }

    /** Runs a client's command; what it changes is checked before anything else happens. */
    <A> A execute(Command<A> command) {
        return invariants.watch(command, () -> registry.execute(command));
    }

    /** Carries a worker's message to a coordinator and its answer back; each way may fail, and the message may come twice. */
    void send(int to, WorkerMessage<?> message, Consumer<Delivery<?>> answered) {
        if (!up[to]) {
            timeline.after(faults.delay(), () -> answered.accept(new Delivery.NotDelivered<>("connection refused")));
            return;
        }
        Consumer<Delivery<?>> first = firstOf(answered);
        if (faults.duplicates()) {
            timeline.after(faults.delay().plus(faults.delay()), () -> handle(to, message, first));
        }
        if (faults.loses()) {
            story.tell("network", "loses", message);
            timeline.after(TIMEOUT, () -> first.accept(new Delivery.Lost<>("no answer in time")));
            return;
        }
        timeline.after(faults.delay(), () -> handle(to, message, first));
    }

    /** Of the answers to a message that came twice, whichever arrives first. */
    private static Consumer<Delivery<?>> firstOf(Consumer<Delivery<?>> answered) {
        boolean[] done = new boolean[1];
        return delivery -> {
            if (!done[0]) {
                done[0] = true;
                answered.accept(delivery);
            }
        };
    }

    private void handle(int to, WorkerMessage<?> message, Consumer<Delivery<?>> answered) {
        if (!up[to] || faults.crashes()) {
            crash(to);
            timeline.after(TIMEOUT, () -> answered.accept(new Delivery.Lost<>("connection reset")));
            return;
        }
        Reply<?> reply = answer(message);
        story.tell("registry", "answers", message, "with", reply);
        if (faults.crashes()) {
            crash(to);
            timeline.after(TIMEOUT, () -> answered.accept(new Delivery.Lost<>("connection reset")));
        } else if (faults.loses()) {
            timeline.after(TIMEOUT, () -> answered.accept(new Delivery.Lost<>("no answer in time")));
        } else {
            timeline.after(faults.delay(), () -> answered.accept(new Delivery.Replied<>(reply)));
        }
    }

    private <A> Reply<A> answer(WorkerMessage<A> message) {
        return execute(new Command.FromWorker<>(message));
    }

    private void publishAgain(int number) {
        publish(number);
        takeReports(number);
        timeline.after(PUBLISH_EVERY, () -> publishAgain(number));
    }

    private void sweepAgain(int number) {
        if (up[number]) {
            execute(new Command.Sweep(AT_ONCE));
            execute(new Command.Relieve(AT_ONCE));
        }
        timeline.after(SWEEP_EVERY, () -> sweepAgain(number));
    }

    private void publish(int number) {
        if (!up[number] || !broker.isUp()) {
            return;
        }
        List<AddressedOrder> orders = execute(new Command.ClaimOrders(AT_ONCE));
        List<ReplicaId> unsent = new ArrayList<>();
        for (AddressedOrder addressed : orders) {
            if (faults.crashes()) {
                crash(number);
                return;
            }
            if (faults.loses()) {
                unsent.add(addressed.order().replicaId());
                continue;
            }
            broker.orders(addressed.partition()).append(addressed.order());
            if (faults.duplicates()) {
                broker.orders(addressed.partition()).append(addressed.order());
            }
        }
        if (!unsent.isEmpty()) {
            execute(new Command.ReturnOrders(unsent));
        }
        List<EvictionId> published = new ArrayList<>();
        for (EvictionFact fact : execute(new Command.ClaimFacts(AT_ONCE))) {
            if (!faults.loses()) {
                factsOnTopic.add(fact.id());
                published.add(fact.id());
            }
        }
        if (faults.crashes()) {
            crash(number);
        } else if (!published.isEmpty()) {
            execute(new Command.FactsPublished(published));
        }
    }

    private void takeReports(int number) {
        if (!up[number] || !broker.isUp()) {
            return;
        }
        List<Report> batch = new ArrayList<>();
        int from = broker.reports().from(reportsTaken);
        int to = Math.min(broker.reports().end(), from + AT_ONCE);
        for (int offset = from; offset < to; offset++) {
            Report report = broker.reports().read(offset);
            if (report != null) {
                batch.add(report);
            }
        }
        if (!batch.isEmpty()) {
            execute(new Command.TakeReports(batch));
            if (faults.crashes()) {
                // The offset was not committed: the same reports come again.
                crash(number);
                return;
            }
        }
        reportsTaken = to;
    }
}
