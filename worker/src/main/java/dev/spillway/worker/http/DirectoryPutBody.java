package dev.spillway.worker.http;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.filesystem.StageMode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A directory of this host to be stored.
 *
 * @param sourceDir  absolute path
 * @param mode       copy if absent
 * @param generation to add this host's copy of; absent for a new one
 * @param snapshotId which image was copied, beside a generation; absent where that is not known
 */
public record DirectoryPutBody(String sourceDir, @Nullable String description, @Nullable Mode mode, @Nullable Long generation,
        @Nullable SnapshotId snapshotId) {
    /** How the tree is taken. */
    public enum Mode {
        @JsonProperty("copy")
        COPY(StageMode.COPY), @JsonProperty("move")
        MOVE(StageMode.MOVE), @JsonProperty("reflink")
        REFLINK(StageMode.REFLINK);

        private final StageMode stageMode;

        Mode(StageMode stageMode) {
            this.stageMode = stageMode;
        }

        StageMode stageMode() {
            return stageMode;
        }

        /** As it is written in a body. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
