package dev.spillway.worker.rocksdb;

import dev.spillway.events.StoreId;
import dev.spillway.worker.core.model.Hold;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.core.model.ReplicaState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** Applies batch after batch and tells each when it is durable, until it is killed. */
final class IndexWriter {
    private IndexWriter() {}

    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[0]);
        try (RocksIndex index = RocksIndex.open(directory, StoreId.parse(arguments[1]), !Files.exists(directory))) {
            OrderPosition position = index.load().position();
            for (long number = position == null ? 1 : position.nextOffset() + 1;; number++) {
                index.apply(
                        List.of(
                                new IndexChange.PutHold(new Hold(new UUID(1, number), RocksIndexTest.id(number), Instant.EPOCH)),
                                new IndexChange.PutReplica(RocksIndexTest.replica(number, ReplicaState.LIVE)),
                                new IndexChange.PutPosition(new OrderPosition(0, number))));
                System.out.println(number);
            }
        }
    }
}
