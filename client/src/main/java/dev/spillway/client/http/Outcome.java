package dev.spillway.client.http;

import dev.spillway.api.Problem;

/** What became of a request. The difference between surely not done and unknown decides whether a caller may forget it. */
public sealed interface Outcome<T> {
    /** The server did it and said so: a status of 200 to 299 with its body. */
    record Answer<T>(int status, T body) implements Outcome<T> {}

    /** The server answered with an error; below 500 it did nothing, from 500 on it depends on the kind of problem. */
    record Refused<T>(Problem problem) implements Outcome<T> {}

    /** Surely not done: nothing was sent, because no connection could be made. */
    record Unreachable<T>(String why) implements Outcome<T> {}

    /** Sent, at least in part, and no answer that can be read: done or not. */
    record Unknown<T>(String why) implements Outcome<T> {}
}
