package dev.spillway.artifacts;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The content of an artifact in memory. Immutable, so all readers share it without a copy. */
public final class Artifact implements ArtifactContent {
    private final MemorySegment content;

    private Artifact(MemorySegment content) {
        this.content = content;
    }

    /** Takes a copy of the bytes. */
    public static Artifact copyOf(byte[] bytes) {
        return shared(bytes.clone());
    }

    /** Takes the bytes without a copy. Nobody may change them afterwards. */
    public static Artifact shared(byte[] bytes) {
        return shared(MemorySegment.ofArray(bytes));
    }

    /** Takes the memory without a copy. Nobody may change or free it afterwards. */
    public static Artifact shared(MemorySegment content) {
        return new Artifact(content.asReadOnly());
    }

    @Override
    public long size() {
        return content.byteSize();
    }

    /** Returns the content itself, read-only. Any thread may read it, at any time. */
    public MemorySegment content() {
        return content;
    }

    @Override
    public InputStream stream() {
        return new ByteArrayInputStream(toByteArray());
    }

    /** Returns a copy of the content. */
    public byte[] toByteArray() {
        return content.toArray(ValueLayout.JAVA_BYTE);
    }

    @Override
    public boolean equals(Object other) {
        return this == other || (other instanceof Artifact that && size() == that.size() && content.mismatch(that.content) == -1);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(size()) * 31 + (size() == 0 ? 0 : content.get(ValueLayout.JAVA_BYTE, size() - 1));
    }

    @Override
    public String toString() {
        return "artifact of %d bytes".formatted(size());
    }
}
