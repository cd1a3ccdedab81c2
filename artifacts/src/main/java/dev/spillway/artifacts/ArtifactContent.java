package dev.spillway.artifacts;

import java.io.IOException;
import java.io.InputStream;

/** The content of an artifact as a store has it: in memory, or in a file. */
public sealed interface ArtifactContent permits Artifact, ArtifactFile {
    /** Returns the length in bytes. */
    long size();

    /** Returns a stream of the content from its beginning. The stream need not be closed. */
    InputStream stream() throws IOException;
}
