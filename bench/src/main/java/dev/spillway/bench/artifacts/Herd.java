package dev.spillway.bench.artifacts;

import dev.spillway.artifacts.Artifact;
import dev.spillway.artifacts.ArtifactLimits;
import dev.spillway.artifacts.ArtifactStore;
import dev.spillway.artifacts.MemoryArtifactStore;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Check;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** Many callers that miss the same artifact at the same time. */
final class Herd {
    private static final int CALLERS = 1_000;
    private static final int ARTIFACT_BYTES = 4 << 10;
    private static final Duration COMPILATION = Duration.ofMillis(100);

    private Herd() {}

    /** Counts compilations. */
    static Check run() throws Exception {
        AtomicLong compilations = new AtomicLong();
        Callable<Artifact> compiler = () -> {
            compilations.incrementAndGet();
            Thread.sleep(COMPILATION);
            return Artifact.shared(Payloads.content(0, ARTIFACT_BYTES));
        };
        CountDownLatch begin = new CountDownLatch(1);
        try (ArtifactStore store = new MemoryArtifactStore(ArtifactLimits.DEFAULT);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Artifact>> answers = new ArrayList<>();
            for (int caller = 0; caller < CALLERS; caller++) {
                answers.add(threads.submit(() -> {
                    begin.await();
                    return store.getOrCompile(Payloads.key(0), compiler);
                }));
            }
            begin.countDown();
            for (Future<Artifact> answer : answers) {
                if (answer.get().size() != ARTIFACT_BYTES) {
                    throw new BenchmarkFailedException("%s (expected: %d bytes)".formatted(answer.get(), ARTIFACT_BYTES));
                }
            }
        }
        if (compilations.get() != 1) {
            throw new BenchmarkFailedException("%d compilations for %d callers (expected: 1)".formatted(compilations.get(), CALLERS));
        }
        return new Check("a herd on one artifact", new TreeMap<>(Map.of("callers", (long) CALLERS, "compilations", compilations.get())));
    }
}
