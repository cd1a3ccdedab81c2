package dev.spillway.coordinator.postgres;

import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.PinReason;
import dev.spillway.events.PlanId;
import dev.spillway.events.codec.EventType;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.Sender;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries.EvictionFilter;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** One of the two, with what its hosts know. */
final class Side {
    private final Registry registry;
    private final InstantSource clock;
    private final Consumer<Duration> pass;
    private final List<PlanId> plans = new ArrayList<>();
    private final Plain plain = new Plain();
    private final Map<HostId, Sender> senders = new HashMap<>();

    /** @param pass lets time pass for what the registry stores */
    Side(Registry registry, InstantSource clock, Consumer<Duration> pass) {
        this.registry = registry;
        this.clock = clock;
        this.pass = pass;
    }

    /** Returns whether the action leads to a command. */
    boolean knows(Act act) {
        return !(act instanceof Act.Send send) || senders.containsKey(send.host());
    }

    Registry registry() {
        return registry;
    }

    /** Writes the answers of this registry so far. */
    Plain plain() {
        return plain;
    }

    String carryOut(Act act) {
        return plain.of(answer(act));
    }

    Object answer(Act act) {
        return switch (act) {
            case Act.Plain plain -> planned(registry.execute(plain.command()));
            case Act.Pass(var time) -> {
                pass.accept(time);
                yield "passed";
            }
            case Act.Pin(var name, var length) -> registry.execute(
                    new Command.SetPin(name, new PinReason("random"), length == null ? null : clock.instant().plus(length)));
            case Act.OnPlan(var ago, var step) -> plans.size() <= ago ? "no such plan"
                    : registry.execute(step.apply(plans.get(plans.size() - 1 - ago)));
            case Act.Join join -> join(join);
            case Act.Send send -> send(send);
            case Act.PublishFacts publish -> publish(publish.every());
        };
    }

    private Object planned(Object answer) {
        switch (answer) {
            case Outcomes.Planning.Made made -> plans.add(made.planId());
            case Outcomes.PolicySetting.Planned setting -> plans.add(setting.plan().planId());
            default -> {}
        }
        return answer;
    }

    private Object join(Act.Join join) {
        JoinRequest request = new JoinRequest(
                join.host(),
                join.store(),
                "127.0.0.1:1",
                List.of(EventType.VERSION),
                null,
                0,
                join.highestGeneration(),
                new JoinRequest.WorkerProcess(join.store().value(), false),
                Optional.ofNullable(senders.get(join.host())).map(Sender::incarnation).orElse(0L));
        Reply<JoinAnswer> reply = registry.execute(new Command.FromWorker<>(request));
        if (reply instanceof Reply.Accepted<JoinAnswer>(JoinAnswer.Joined joined)) {
            senders.put(join.host(), new Sender(join.host(), join.store(), joined.registryId(), joined.epoch(), joined.incarnation()));
        }
        return reply;
    }

    private Object send(Act.Send send) {
        Sender sender = senders.get(send.host());
        if (sender == null) {
            return "not joined";
        }
        Sender speaking = !send.outdated() ? sender
                : new Sender(sender.hostId(), sender.storeId(), sender.registryId(), sender.epoch(), sender.incarnation() - 1);
        FencedMessage<?> message = send.message().from(speaking);
        FencedMessage<?> here = message instanceof AttachRequest attach
                ? new AttachRequest(speaking, attach.items().stream().map(this::here).toList())
                : message;
        return registry.execute(new Command.FromWorker<>(here));
    }

    private Object publish(int every) {
        List<EvictionFact> facts = new ArrayList<>(registry.execute(new Command.ClaimFacts(1_000)));
        facts.sort(Comparator.comparingLong(EvictionFact::generation));
        List<EvictionId> published =
                IntStream.range(0, facts.size()).filter(i -> i % every == 0).mapToObj(i -> facts.get(i).id()).toList();
        registry.execute(new Command.FactsPublished(published));
        return facts;
    }

    List<String> state() {
        return state(plain);
    }

    List<String> state(Plain plain) {
        List<String> state = new ArrayList<>();
        registry.queries().namespaces().forEach(namespace -> {
            state.add(plain.of(namespace));
            var entries = registry.queries().entries(namespace.name(), null, Map.of(), null, 1_000).items();
            entries.forEach(entry -> state.add(plain.of(registry.queries().entry(entry.name()))));
            state.add(plain.of(entries.stream().map(entry -> entry.name()).toList()));
            state.add(plain.of(registry.queries().snapshots(namespace.name(), null, 1_000)));
        });
        registry.queries().hosts().forEach(host -> state.add(plain.of(host)));
        for (String open : List.of("open", "closed")) {
            registry.queries()
                    .evictions(new EvictionFilter(open, null, null), null, 1_000)
                    .items()
                    .forEach(eviction -> state.add(plain.of(eviction)));
        }
        state.add(plain.of(registry.queries().openOrders()));
        plans.forEach(plan -> {
            state.add(plain.of(registry.queries().plan(plan)));
            state.add(plain.of(registry.queries().planVictims(plan, false, null, 1_000)));
            state.add(plain.of(registry.queries().planVictims(plan, true, null, 3)));
            state.add(plain.of(registry.queries().evictions(new EvictionFilter(null, null, null, null, plan), null, 1_000)));
        });
        return state;
    }

    /** A command names a generation by its place among those that were told of. */
    private Attachment here(Attachment item) {
        int place = Math.toIntExact(item.generation()) - 1;
        return new Attachment(item.replicaId(), item.namespace(), item.key(), plain.generation(place), item.sizeBytes(), item.snapshotId());
    }
}
