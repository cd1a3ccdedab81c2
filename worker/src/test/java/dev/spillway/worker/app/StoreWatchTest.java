package dev.spillway.worker.app;

import dev.spillway.worker.filesystem.StoreGoneException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class StoreWatchTest {
    private final AtomicReference<StoreWatch.Look> place = new AtomicReference<>(() -> {});
    private final AtomicLong nanos = new AtomicLong();
    private final List<Throwable> ended = new ArrayList<>();
    private final StoreWatch watch = new StoreWatch(() -> place.get().requirePlace(), nanos::get, ended::add);

    private void look(StoreWatch.Look finding) {
        place.set(finding);
        watch.look();
    }

    private static void gone() throws IOException {
        throw new StoreGoneException(Path.of("/store"));
    }

    @Test
    void aStoreThatIsGoneIsToldAtOnceAndEndsTheWorkerWhenThatLasts() {
        look(() -> {});
        assertThat(watch.gone()).isEmpty();
        look(StoreWatchTest::gone);
        assertThat(watch.gone()).hasValueSatisfying(why -> assertThat(why).contains("/store"));
        nanos.addAndGet(StoreWatch.GIVES_UP_AFTER.toNanos() - 1);
        look(StoreWatchTest::gone);
        assertThat(ended).isEmpty();
        nanos.incrementAndGet();
        look(StoreWatchTest::gone);
        look(StoreWatchTest::gone);
        assertThat(ended).as("once").singleElement().isInstanceOf(StoreGoneException.class);
        look(() -> {});
        assertThat(watch.gone()).as("mounted again").isEmpty();
    }

    @Test
    void aLookThatFailsOtherwiseSaysNothingAndIsNotTheLast() {
        List<StoreWatch.Look> failing = List.of(() -> {
            throw new FileSystemException("/store", null, "Input/output error");
        }, () -> {
            throw new IllegalStateException("of a library");
        });
        for (StoreWatch.Look each : failing) {
            look(each);
            nanos.addAndGet(StoreWatch.GIVES_UP_AFTER.toNanos());
            look(each);
        }
        assertThat(watch.gone()).isEmpty();
        look(StoreWatchTest::gone);
        nanos.addAndGet(StoreWatch.GIVES_UP_AFTER.toNanos());
        failing.forEach(this::look);
        assertThat(watch.gone()).as("what was found before").isPresent();
        assertThat(ended).isEmpty();
    }
}
