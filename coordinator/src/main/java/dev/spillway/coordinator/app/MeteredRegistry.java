package dev.spillway.coordinator.app;

import dev.spillway.events.protocol.Reply;
import dev.spillway.registry.CommitUnknownException;
import dev.spillway.registry.IdempotencyKey;
import dev.spillway.registry.KeyReusedException;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryBusyException;
import dev.spillway.registry.RegistryQueries;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.store.Changes;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Counts and times every command of a registry, by kind and outcome, and records its outcome for readiness. */
final class MeteredRegistry implements Registry {
    private final Registry registry;
    private final MeterRegistry metrics;
    private final CommandUses uses;

    MeteredRegistry(Registry registry, MeterRegistry metrics, CommandUses uses) {
        this.registry = registry;
        this.metrics = metrics;
        this.uses = uses;
    }

    @Override
    public <A> A execute(Command<A> command) {
        return timed(command, () -> registry.execute(command));
    }

    @Override
    public <A> A executeOnce(IdempotencyKey key, Command.OfClient<A> command) {
        return timed(command, () -> registry.executeOnce(key, command));
    }

    private <A> A timed(Command<A> command, Supplier<A> execution) {
        Timer.Sample began = Timer.start(metrics);
        String outcome = "failed";
        try {
            A answer = execution.get();
            outcome = outcome(answer);
            uses.worked(command, kind(command));
            return answer;
        } catch (RegistryBusyException e) {
            outcome = "busy";
            throw e;
        } catch (RegistryUnavailableException e) {
            outcome = "unavailable";
            uses.failed(kind(command), e);
            throw e;
        } catch (CommitUnknownException e) {
            outcome = "unknown";
            uses.failed(kind(command), e);
            throw e;
        } catch (KeyReusedException e) {
            outcome = "key-reused";
            throw e;
        } catch (RuntimeException e) {
            // A defect in a client's command concerns that client only. A defect in the coordinator's own work makes it unready.
            if (command instanceof Command.OwnWork) {
                uses.failed(kind(command), e);
            }
            throw e;
        } finally {
            began.stop(
                    Timer.builder("spillway.commands")
                            .description("Commands of the registry by kind and outcome")
                            .tag("kind", kind(command))
                            .tag("outcome", outcome)
                            .register(metrics));
        }
    }

    private static String kind(Command<?> command) {
        return command.kind().replace("Request", "");
    }

    private static String outcome(Object answer) {
        return switch (answer) {
            case Outcomes.PolicySetting _, Outcomes.Putting _, Outcomes.Getting _, Outcomes.Invalidation _, Outcomes.HostChange _ ->
                    name(answer);
            case Outcomes.Pinning _, Outcomes.Planning _, Outcomes.Applying _, Reply<?> _ -> name(answer);
            default -> "done";
        };
    }

    private static String name(Object answer) {
        return answer.getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }

    @Override
    public RegistryQueries queries() {
        return registry.queries();
    }

    @Override
    public void onCommit(Consumer<Changes.Wake> listener) {
        registry.onCommit(listener);
    }
}
