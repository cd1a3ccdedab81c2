package dev.spillway.cli.client;

import dev.spillway.api.PathEncoding;
import org.jspecify.annotations.Nullable;

/** The path and query of a request, each part percent-encoded exactly once. Immutable. */
record Resource(String path, String query) {
    static Resource of(Object... parts) {
        StringBuilder path = new StringBuilder();
        for (Object part : parts) {
            path.append('/').append(PathEncoding.encode(part.toString()));
        }
        return new Resource(path.toString(), "");
    }

    /** The same resource, with a parameter unless its value is absent. */
    Resource with(String name, @Nullable Object value) {
        if (value == null) {
            return this;
        }
        return new Resource(path,
                query + (query.isEmpty() ? "?" : "&") + PathEncoding.encode(name) + "=" + PathEncoding.encode(value.toString()));
    }

    @Override
    public String toString() {
        return path + query;
    }
}
