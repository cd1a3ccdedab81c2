package dev.spillway.coordinator.http;

import dev.spillway.api.ProblemException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.registry.CommitUnknownException;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Command;
import dev.spillway.service.http.Request;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Carries out the commands of one request in sequence. Each is bounded, so that other commands can run in between, and each is committed. After the
 * first one, a failure therefore reports what was done. One object per request, not thread-safe.
 */
final class Steps {
    private final Commands commands;
    private final Request request;
    private final Commands.Target what;
    private final String subject;
    private int done;
    private long evicted;
    private @Nullable PlanId plan;
    private boolean planBegun;

    private Steps(Commands commands, Request request, Commands.Target what, String subject) {
        this.commands = commands;
        this.request = request;
        this.what = what;
        this.subject = subject;
    }

    /** Returns the steps of a request about a namespace; {@code verb} as in {@link Commands.Target}. */
    static Steps of(Commands commands, Request request, String verb, NamespaceName name) {
        return new Steps(commands, request, Commands.Target.of(verb, name), "namespace " + name);
    }

    /** Returns the steps of a request about an existing plan. */
    static Steps of(Commands commands, Request request, String verb, PlanId id) {
        Steps steps = new Steps(commands, request, Commands.Target.of(verb, id), "plan " + id);
        steps.plan = id;
        return steps;
    }

    /** @throws ProblemException if an earlier step was carried out, and this one failed or its outcome is unknown */
    <A> A run(Command.OfClient<A> command) {
        A answer = told(() -> commands.run(request, what, done + 1, command));
        done++;
        return answer;
    }

    /** Reads something from the registry that the answer needs. */
    <A> A ask(Supplier<A> query) {
        return told(query);
    }

    /** Records that a step began this plan. */
    void begun(PlanId id) {
        plan = id;
        planBegun = true;
    }

    /** Records that a step evicted entries. */
    void evicted(long entries) {
        evicted += entries;
    }

    private <A> A told(Supplier<A> step) {
        try {
            return step.get();
        } catch (RegistryUnavailableException | CommitUnknownException e) {
            if (done == 0) {
                throw e;
            }
            throw RegistryProblems.unfinished(planBegun ? subject + ", plan " + plan : subject, plan, evicted, e);
        }
    }
}
