package dev.spillway.service.http;

import dev.spillway.api.ProblemException;

/**
 * Answers one kind of request. Runs on a virtual thread of its own, so it may block. A {@link ProblemException} becomes the answer; any
 * other exception is logged under a random id and answered with 500 and that id.
 */
@FunctionalInterface
public interface Handler {
    Response handle(Request request) throws Exception;
}
