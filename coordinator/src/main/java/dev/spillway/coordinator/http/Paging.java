package dev.spillway.coordinator.http;

import dev.spillway.api.Page;
import dev.spillway.coordinator.core.RegistryQueries;
import dev.spillway.service.http.Query;
import dev.spillway.service.http.Request;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Which page of a list a request asks for. */
record Paging(int limit, @Nullable String after) {
    static final String LIMIT = "limit";
    static final String AFTER = "after";

    private static final int LIMIT_DEFAULT = 100;

    static Paging of(Request request) {
        Query query = request.query();
        return new Paging(query.number(LIMIT, 1, RegistryQueries.LIMIT_MAX).map(Math::toIntExact).orElse(LIMIT_DEFAULT),
                query.text(AFTER).orElse(null));
    }

    static <V, A> Page<A> answer(RegistryQueries.Page<V> page, Function<V, A> item) {
        return new Page<>(page.items().stream().map(item).toList(), page.next());
    }
}
