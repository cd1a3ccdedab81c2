package dev.spillway.worker.http;

import dev.spillway.api.ProblemException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class PageRoomTest {
    private static final long ROOM = 1 << 20;

    @Test
    void whoFindsNoRoomWaitsUntilSomeIsGivenBack() throws Exception {
        PageRoom room = new PageRoom(ROOM, Duration.ofMinutes(5));
        PageRoom.Taken first = room.take(600 << 10);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            CompletableFuture<Boolean> second = CompletableFuture.supplyAsync(() -> {
                try (PageRoom.Taken taken = room.take(600 << 10)) {
                    return taken != null;
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }, threads);
            assertThat(second).isNotDone();
            first.close();
            assertThat(second.get()).isTrue();
        }
    }

    @Test
    void whoWaitsForTooLongIsRefused() throws Exception {
        PageRoom room = new PageRoom(ROOM, Duration.ZERO);
        try (PageRoom.Taken _ = room.take(1)) {
            assertThatThrownBy(() -> room.take(ROOM)).isInstanceOf(ProblemException.class).hasMessageContaining("pages");
        }
        room.take(ROOM).close();
    }

    @Test
    void aPageLargerThanAllRoomGoesAlone() throws Exception {
        PageRoom room = new PageRoom(ROOM, Duration.ZERO);
        try (PageRoom.Taken _ = room.take(10 * ROOM)) {
            assertThatThrownBy(() -> room.take(1)).isInstanceOf(ProblemException.class);
        }
        room.take(1).close();
    }
}
