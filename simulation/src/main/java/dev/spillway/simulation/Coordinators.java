package dev.spillway.simulation;

import dev.spillway.events.EvictionId;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.store.Changes;
import dev.spillway.worker.core.model.Delivery;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** Several coordinators on one database, and the network to them. */
final class Coordinators {
    private static final int TIMEOUT = 10_000;

    /** The state that survives all coordinators. */
    static final class Shared {
        private final Set<EvictionId> factsOnTopic = new HashSet<>();
        private int reportsTaken;

        Set<EvictionId> factsOnTopic() {
            return factsOnTopic;
        }

        int reportsTaken() {
            return reportsTaken;
        }

        void tookReports(int until) {
            reportsTaken = Math.max(reportsTaken, until);
        }
    }

    private final Timeline timeline;
    private final Faults faults;
    private final Story story;
    private final RandomGenerator random;
    private final Shared shared = new Shared();
    private final List<SimulatedCoordinator> coordinators = new ArrayList<>();
    private boolean publishSoon;

    Coordinators(
            int count,
            Timeline timeline,
            Faults faults,
            Broker broker,
            SimulatedDatabase database,
            RandomGenerator random,
            Story story) {
        this.timeline = timeline;
        this.faults = faults;
        this.story = story;
        this.random = random;
        for (int number = 0; number < count; number++) {
            coordinators.add(new SimulatedCoordinator(number, database, timeline, faults, broker, story, shared));
        }
        database.onCommit(this::wake);
    }

    Set<EvictionId> factsOnTopic() {
        return shared.factsOnTopic();
    }

    private void wake(Changes.Wake wake) {
        if ((wake.orders() || wake.facts()) && !publishSoon) {
            publishSoon = true;
            timeline.after(faults.delay(), () -> {
                publishSoon = false;
                any().publish();
            });
        }
    }

    private SimulatedCoordinator any() {
        return coordinators.get(random.nextInt(coordinators.size()));
    }

    void crashOne() {
        any().crash();
    }

    void crashAll() {
        coordinators.forEach(SimulatedCoordinator::crash);
    }

    /** Sends a command of a client or an operator to some coordinator, if that is up. The answer is ignored. */
    <A> void execute(Command<A> command) {
        execute(command, answer -> {});
    }

    /** Does the same as {@link #execute(Command)} for a caller that waits for an answer, which may never come. */
    <A> void execute(Command<A> command, Consumer<A> answered) {
        any().execute(command, answer -> {
            story.tell("registry", "answers", command, "with", String.valueOf(answer));
            answered.accept(answer);
        });
    }

    /**
     * Delivers a worker's message to a coordinator and the answer back. Either may be lost, and the message may be delivered twice.
     *
     * @param cutOff returns whether the worker is disconnected at that moment
     */
    void send(WorkerMessage<?> message, BooleanSupplier cutOff, Consumer<Delivery<?>> answered) {
        SimulatedCoordinator to = any();
        if (!to.isUp() || cutOff.getAsBoolean()) {
            timeline.after(faults.delay(), () -> answered.accept(new Delivery.NotDelivered<>("connection refused")));
            return;
        }
        Consumer<Delivery<?>> first = firstOf(answered);
        if (faults.duplicates()) {
            timeline.after(faults.delay() + faults.delay(), () -> handle(to, message, cutOff, first));
        }
        if (faults.loses()) {
            story.tell("network", "loses", message);
            timeline.after(TIMEOUT, () -> first.accept(new Delivery.Lost<>("no answer in time")));
            return;
        }
        timeline.after(faults.delay(), () -> handle(to, message, cutOff, first));
    }

    /** Returns a receiver that passes on only the first answer to a message, because a message may be delivered twice or time out. */
    private static Consumer<Delivery<?>> firstOf(Consumer<Delivery<?>> answered) {
        boolean[] done = new boolean[1];
        return delivery -> {
            if (!done[0]) {
                done[0] = true;
                answered.accept(delivery);
            }
        };
    }

    private <A> void handle(SimulatedCoordinator to, WorkerMessage<A> message, BooleanSupplier cutOff, Consumer<Delivery<?>> answered) {
        if (faults.crashes()) {
            to.crash();
        }
        boolean[] replied = new boolean[1];
        to.execute(new Command.FromWorker<>(message), reply -> {
            replied[0] = true;
            reply(to, message, reply, cutOff, answered);
        });
        if (!replied[0]) {
            // The connection may break while the transaction continues.
            int patience = faults.loses() ? 1 + random.nextInt(500) : TIMEOUT;
            timeline.after(patience, () -> answered.accept(new Delivery.Lost<>("no answer in time")));
        }
    }

    private static boolean isIdle(Reply<?> reply) {
        return reply instanceof Reply.Accepted<?>(HeartbeatAnswer answer) && answer.orders().isEmpty() && answer.acknowledged().isEmpty();
    }

    private void reply(
            SimulatedCoordinator to,
            WorkerMessage<?> message,
            Reply<?> reply,
            BooleanSupplier cutOff,
            Consumer<Delivery<?>> answered) {
        if (!isIdle(reply)) {
            story.tell("registry", "answers", message, "with", reply);
        }
        if (faults.crashes()) {
            to.crash();
            timeline.after(TIMEOUT, () -> answered.accept(new Delivery.Lost<>("connection reset")));
        } else if (cutOff.getAsBoolean() || faults.loses()) {
            timeline.after(TIMEOUT, () -> answered.accept(new Delivery.Lost<>("no answer in time")));
        } else {
            timeline.after(faults.delay(), () -> answered.accept(new Delivery.Replied<>(reply)));
        }
    }
}
