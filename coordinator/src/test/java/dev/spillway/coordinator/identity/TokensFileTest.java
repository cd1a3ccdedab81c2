package dev.spillway.coordinator.identity;

import dev.spillway.api.Role;
import dev.spillway.events.HostId;
import dev.spillway.service.identity.Identity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The file of the first tokens, which is changed while coordinators use it. */
class TokensFileTest {
    private static final String A = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private static final String B = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    @TempDir
    Path folder;

    @Test
    void aTokenEndsWithItsLine() throws IOException {
        Path file = write("ops operator " + A + "\nnode-1 host " + B + " host-1 # of a host\n");
        TokensFile tokens = TokensFile.read(file, Duration.ZERO);
        assertThat(tokens.find(B).map(Identity::host)).contains(new HostId("host-1"));
        assertThat(tokens.list("", 10)).extracting(Identity::name).containsExactly("node-1", "ops");
        assertThat(tokens.list("node-1", 10)).extracting(Identity::name).containsExactly("ops");

        write("ops reader " + A + "\n");
        assertThat(tokens.find(B)).isEmpty();
        assertThat(tokens.has("node-1")).isFalse();
        assertThat(tokens.find(A).map(Identity::role)).contains(Role.READER);
    }

    @Test
    void aSymbolicLinkThatIsChangedIsFollowed() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), write("ops operator " + A + "\n"));
        TokensFile tokens = TokensFile.read(link, Duration.ZERO);
        Path other = Files.createSymbolicLink(folder.resolve("other"), Files.writeString(folder.resolve("next"), "ops operator " + B));
        Files.move(other, link, StandardCopyOption.ATOMIC_MOVE);
        assertThat(tokens.find(A)).isEmpty();
        assertThat(tokens.find(B)).isPresent();
    }

    @Test
    void whatCannotBeReadLeavesTheFormerTokens() throws IOException {
        Path file = write("ops operator " + A + "\n");
        TokensFile tokens = TokensFile.read(file, Duration.ZERO);
        write("ops king " + B + "\n");
        assertThat(tokens.find(A)).isPresent();
        write("");
        assertThat(tokens.find(A)).as("while it is written").isPresent();
        Files.delete(file);
        assertThat(tokens.find(A)).isPresent();
        write("ops operator " + B + "\n");
        assertThat(tokens.find(A)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"anonymous reader " + B, "Bad reader " + B, "host:host-1 reader " + B, "ops reader " + B, "other reader " + A})
    void aNameThatIsUsedOrCouldBeTakenForAnotherIsRefused(String line) throws IOException {
        Path file = write("ops operator " + A + "\n" + line + "\n");
        assertThatThrownBy(() -> TokensFile.read(file)).hasMessageContaining("line 2");
    }

    private Path write(String text) throws IOException {
        return Files.writeString(folder.resolve("tokens"), text);
    }
}
