package dev.spillway.coordinator.identity;

import dev.spillway.api.Role;
import dev.spillway.events.HostId;
import dev.spillway.service.identity.AccessToken;
import dev.spillway.service.identity.Identities;
import dev.spillway.service.identity.Identity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tokens from a file, known before anybody could make one: those of the workers and of the first operator. Each line is {@code NAME ROLE DIGEST}, and for a
 * host its id behind that; {@code #} begins a comment. Immutable.
 */
public final class TokensFile implements Identities {
    private static final long BYTES_MAX = 1 << 20;
    /** What a file must be, for messages. */
    public static final String FORM = "a file of lines NAME ROLE DIGEST [HOST], such as: ops operator 64-hexadecimal-digits";

    private final Map<String, Identity> byDigest;

    private TokensFile(Map<String, Identity> byDigest) {
        this.byDigest = byDigest;
    }

    /** Returns the tokens of no file. */
    public static TokensFile none() {
        return new TokensFile(Map.of());
    }

    /** @throws IOException without the file's name, with the place of a line that cannot be read, and never with a digest */
    public static TokensFile read(Path file) throws IOException {
        if (Files.size(file) > BYTES_MAX) {
            throw new IOException("over " + BYTES_MAX + " bytes");
        }
        Map<String, Identity> byDigest = new HashMap<>();
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            String text = line.replaceFirst("#.*", "").strip();
            if (!text.isEmpty()) {
                try {
                    String[] words = text.split("\\s+");
                    byDigest.put(AccessToken.requireDigest("digest", words[2]), identity(words));
                } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
                    throw new IOException("line %d is none".formatted(number), e);
                }
            }
        }
        return new TokensFile(byDigest);
    }

    private static Identity identity(String[] words) {
        Role role = Role.valueOf(words[1].toUpperCase(Locale.ROOT));
        if (words.length != (role == Role.HOST ? 4 : 3)) {
            throw new IllegalArgumentException("words: " + words.length);
        }
        return new Identity(words[0], role, Set.of(), role == Role.HOST ? new HostId(words[3]) : null);
    }

    @Override
    public Optional<Identity> find(String digest) {
        return Optional.ofNullable(byDigest.get(digest));
    }
}
