package dev.spillway.worker.host;

import dev.spillway.api.body.Work;
import dev.spillway.api.body.Work.Kind;
import java.io.IOException;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** Work that is under way, and how far it is. Thread-safe. */
public final class WorkUnderWay {
    private final Queue<Running> running = new ConcurrentLinkedQueue<>();

    /** @param of the pager or the entry that the work is for */
    private record Running(Object of, Kind kind, AtomicLong bytesDone) {}

    /** Work that reports how many bytes are done. */
    public interface Task<T> {
        public T run(LongConsumer progress) throws IOException, InterruptedException;
    }

    public <T> T run(Object of, Kind kind, Task<T> task) throws IOException, InterruptedException {
        Running begun = new Running(of, kind, new AtomicLong());
        running.add(begun);
        try {
            return task.run(begun.bytesDone()::set);
        } finally {
            running.remove(begun);
        }
    }

    /** Returns the work for a pager or an entry that has been under way for the longest time. */
    public Optional<Work> first(Object of) {
        return running.stream().filter(one -> one.of().equals(of)).findFirst().map(one -> new Work(one.kind(), one.bytesDone().get()));
    }
}
