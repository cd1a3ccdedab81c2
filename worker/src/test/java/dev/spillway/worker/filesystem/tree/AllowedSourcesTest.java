package dev.spillway.worker.filesystem.tree;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class AllowedSourcesTest {
    @TempDir
    private Path temporary;
    private Path allowed;
    private Path outside;
    private AllowedSources sources;

    @BeforeEach
    void directories() throws IOException {
        temporary = temporary.toRealPath();
        allowed = temporary.resolve("allowed");
        Files.createDirectories(allowed.resolve("inner"));
        outside = Files.createDirectory(temporary.resolve("outside"));
        sources = new AllowedSources(List.of(temporary.resolve("not there"), allowed));
    }

    private Path open(Path requested) throws IOException {
        return open(requested.toString());
    }

    private Path open(String requested) throws IOException {
        try (SourceDirectory source = sources.open(requested)) {
            return source.path();
        }
    }

    private void assertRefused(String requested, String why) {
        assertThatThrownBy(() -> open(requested)).isInstanceOf(SourceNotAllowedException.class)
                .hasMessageContaining("'" + requested + "'")
                .hasMessageContaining(why);
    }

    @Test
    void aRootAndWhatIsBelowItIsAllowed() throws IOException {
        assertThat(open(allowed)).isEqualTo(allowed);
        assertThat(open(allowed.resolve("inner"))).isEqualTo(allowed.resolve("inner"));
        assertThat(open(allowed + "/inner/../inner/")).isEqualTo(allowed.resolve("inner"));
    }

    @Test
    void whatLiesOutsideIsRefusedNamingThePathAndTheRoots() {
        assertRefused(
                outside.toString(),
                "lies outside of the allowed roots (expected: a directory below one of ["
                        + temporary.resolve("not there") + ", " + allowed + "])");
        assertRefused(allowed + "/../outside", "lies outside of the allowed roots");
    }

    @Test
    void aNameThatOnlyBeginsLikeARootIsRefused() throws IOException {
        Files.createDirectory(temporary.resolve("allowed-not"));
        assertRefused(temporary.resolve("allowed-not").toString(), "lies outside");
    }

    @Test
    void aLinkOnTheWayIsFollowedOnlyWithinTheRoots() throws IOException {
        Files.createDirectories(outside.resolve("d"));
        Files.createSymbolicLink(allowed.resolve("out"), outside);
        Files.createSymbolicLink(allowed.resolve("in"), allowed.resolve("inner"));
        Files.createDirectory(allowed.resolve("inner/d"));
        assertRefused(allowed.resolve("out/d").toString(), "lies outside");
        assertThat(open(allowed.resolve("in/d"))).isEqualTo(allowed.resolve("inner/d"));
    }

    @Test
    void aSourceThatIsALinkIsRefused() throws IOException {
        Files.createSymbolicLink(allowed.resolve("link"), allowed.resolve("inner"));
        assertRefused(allowed.resolve("link").toString(), "is a symbolic link (expected: the directory itself)");
    }

    @Test
    void aRootMayBeReachedThroughALink() throws IOException {
        Path link = Files.createSymbolicLink(temporary.resolve("link"), allowed);
        sources = new AllowedSources(List.of(link));
        assertThat(open(link.resolve("inner"))).isEqualTo(allowed.resolve("inner"));
        assertThat(open(allowed.resolve("inner"))).isEqualTo(allowed.resolve("inner"));
    }

    @Test
    void theRootOfTheFileSystemAllowsEveryDirectoryButItself() throws IOException {
        sources = new AllowedSources(List.of(Path.of("/")));
        assertThat(open(outside)).isEqualTo(outside);
        assertRefused("/", "is the root of the file system");
    }

    @Test
    void noRootsAllowNothing() {
        sources = new AllowedSources(List.of());
        assertRefused(outside.toString(), "lies outside of the allowed roots (expected: a directory below one of [])");
    }

    @Test
    void badPathsAreNamed() throws IOException {
        Path file = Files.writeString(allowed.resolve("file"), "x");
        assertRefused(allowed.resolve("absent").toString(), "is not there (expected: a directory)");
        assertRefused(file.toString(), "is not a directory (expected: a directory)");
        assertRefused(file + "/below", "cannot be reached: Not a directory (expected: a directory)");
        assertRefused("relative/path", "is relative (expected: an absolute path)");
        assertRefused("", "is relative");
        assertRefused("/nul\0byte", "is not a path here");
        assertThatThrownBy(() -> new AllowedSources(List.of(Path.of("relative")))).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("allowed source root: relative (expected: an absolute path)");
    }
}
