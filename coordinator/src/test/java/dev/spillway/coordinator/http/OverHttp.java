package dev.spillway.coordinator.http;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Tests of which each has a {@link ServedRegistry} of its own, with the namespace {@code vm} in it. */
abstract class OverHttp {
    private final int maxEntries;
    ServedRegistry http;

    /** @param maxEntries of the namespace */
    OverHttp(int maxEntries) {
        this.maxEntries = maxEntries;
    }

    @BeforeEach
    final void serve() throws Exception {
        http = new ServedRegistry();
        http.namespace("vm", maxEntries);
    }

    @AfterEach
    final void close() {
        http.close();
    }
}
