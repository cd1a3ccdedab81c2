package dev.spillway.worker.http;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One page of a list.
 *
 * @param next what {@code ?after=} of the following page is; absent on the last one
 */
public record ListAnswer<T>(List<T> items, @Nullable String next) {}
