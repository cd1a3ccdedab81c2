package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.filesystem.posix.FileName;
import java.util.Locale;

/** Parts of a store that hold trees, each tree under its id. */
public enum StoreArea {
    /** Trees being made, or whole but not yet published. */
    STAGING(0700),
    /** Published trees, which readers open by path. */
    IMAGES(0755),
    /** Trees that nobody can reach by path any more, to be deleted. */
    TRASH(0700);

    private final int permissions;

    StoreArea(int permissions) {
        this.permissions = permissions;
    }

    int permissions() {
        return permissions;
    }

    FileName directory() {
        return FileName.of(name().toLowerCase(Locale.ROOT));
    }
}
