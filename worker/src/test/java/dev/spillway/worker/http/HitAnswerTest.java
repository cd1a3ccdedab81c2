package dev.spillway.worker.http;

import dev.spillway.api.CachedDirectories;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.Json;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.service.http.Response;
import dev.spillway.worker.core.ReplicaRecord;
import dev.spillway.worker.core.ReplicaState;
import dev.spillway.worker.host.Directories;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class HitAnswerTest {
    @ParameterizedTest
    @ValueSource(strings = {"image-1", "\"quoted\" \\ / back", "line\nbreak\tand \u0001 control", "\u00e4\u4e16\ud83d\ude00\u2028"})
    void itIsWhatTheMapperWrites(String text) throws Exception {
        Path path = Path.of("/images").resolve(text.strip());
        ReplicaRecord replica = new ReplicaRecord(new ReplicaId(UUID.randomUUID()), new EntryName(new NamespaceName("vm"), new EntryKey("k")),
                new SnapshotId(text), Long.MAX_VALUE, 4096, Description.NONE, ReplicaState.LIVE, false, 0, Instant.EPOCH, Instant.EPOCH);
        CachedDirectories.Found found = new CachedDirectories.Found(path.toString(), replica.snapshotId(), replica.generation(),
                replica.sizeBytes(), CachedDirectories.Source.LOCAL, null);
        Response.Bytes answer = (Response.Bytes) HitAnswer.of(new Directories.Found.Served(replica, path, Optional.empty()));
        assertThat(answer.bytes()).asString().isEqualTo(Json.strict().writeValueAsString(found));
        assertThat(answer.mediaType()).isEqualTo("application/json");
        assertThat(answer.status()).isEqualTo(200);
    }
}
