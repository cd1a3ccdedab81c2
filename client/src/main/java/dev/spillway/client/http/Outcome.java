package dev.spillway.client.http;

import dev.spillway.api.Problem;

/**
 * The outcome of a request. "Certainly not done" and "unknown" are distinct, because after an unknown outcome the caller must find out whether it was
 * done.
 */
public sealed interface Outcome<T> {
    /** The server carried it out and answered with a status of 200 to 299. */
    record Answer<T>(int status, T body) implements Outcome<T> {}

    /** The server answered with an error. Below 500 it did nothing; from 500 on this depends on the type of the problem. */
    record Refused<T>(Problem problem) implements Outcome<T> {}

    /** Certainly not done: no connection could be made, so nothing was sent. */
    record Unreachable<T>(String why) implements Outcome<T> {}

    /** Unknown: the request was sent, at least in part, and no readable answer came. */
    record Unknown<T>(String why) implements Outcome<T> {}
}
