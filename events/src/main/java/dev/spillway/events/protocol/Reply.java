package dev.spillway.events.protocol;

/** The registry's reply to a message: an answer, or the statement that the sender is fenced off and nothing was changed. */
public sealed interface Reply<A> {
    /** The message was carried out. */
    record Accepted<A>(A answer) implements Reply<A> {}

    /**
     * Nothing was changed: the sender is not the current incarnation.
     *
     * @param why what differs, in one line; the worker joins again and resolves
     */
    record Fenced<A>(String why) implements Reply<A> {}
}
