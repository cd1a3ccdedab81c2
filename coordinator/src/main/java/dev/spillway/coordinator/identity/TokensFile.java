package dev.spillway.coordinator.identity;

import dev.spillway.api.Role;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.service.identity.AccessToken;
import dev.spillway.service.identity.Identities;
import dev.spillway.service.identity.Identity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tokens from a file, which exist before any token is created over HTTP: those of the workers and of the first operator. Each line is
 * {@code NAME ROLE DIGEST}, followed by the host's id for a host; {@code #} begins a comment. The file is read again at intervals, and changes are
 * found by its content, so replaced symbolic links work, too. If the new content cannot be read, the former tokens stay in use. A call may block to
 * read the file; thread-safe.
 */
public final class TokensFile implements Identities {
    /** Interval at which the file is read. It is part of the few seconds after which a revoked token is refused everywhere. */
    private static final Duration READ_EVERY = Duration.ofMillis(500);

    private static final Logger LOG = LoggerFactory.getLogger(TokensFile.class);
    private static final long BYTES_MAX = 1 << 20;
    /** Names the expected form of a file, for messages. */
    public static final String FORM =
            "a file of lines NAME ROLE DIGEST [HOST], such as: ops operator 64-hexadecimal-digits; a name and a digest once";

    private record Content(String text, NavigableMap<String, Identity> byName, Map<String, Identity> byDigest) {
        static final Content NONE = new Content("", new TreeMap<>(), Map.of());
    }

    private final @Nullable Path file;
    private final Duration readEvery;
    private final ReentrantLock reading = new ReentrantLock();
    private volatile Content content;
    private volatile long readAt = System.nanoTime();
    private volatile String trouble = "";

    private TokensFile(@Nullable Path file, Duration readEvery, Content content) {
        this.file = file;
        this.readEvery = readEvery;
        this.content = content;
    }

    /** Returns an empty set of tokens, without a file. */
    public static TokensFile none() {
        return new TokensFile(null, READ_EVERY, Content.NONE);
    }

    /** @throws IOException if the file cannot be read. The message has the number of a wrong line, and neither the file's name nor a digest */
    public static TokensFile read(Path file) throws IOException {
        return read(file, READ_EVERY);
    }

    /** @param readEvery shortest interval between two reads of the file */
    static TokensFile read(Path file, Duration readEvery) throws IOException {
        return new TokensFile(file, readEvery, parse(text(file)));
    }

    private static String text(Path file) throws IOException {
        if (Files.size(file) > BYTES_MAX) {
            throw new IOException("over " + BYTES_MAX + " bytes");
        }
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    private static Content parse(String text) throws IOException {
        NavigableMap<String, Identity> byName = new TreeMap<>();
        Map<String, Identity> byDigest = new HashMap<>();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            String words = line.replaceFirst("#.*", "").strip();
            if (!words.isEmpty()) {
                try {
                    add(words.split("\\s+"), byName, byDigest);
                } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
                    throw new IOException("line %d is none".formatted(number), e);
                }
            }
        }
        return new Content(text, byName, byDigest);
    }

    private static void add(String[] words, Map<String, Identity> byName, Map<String, Identity> byDigest) {
        Role role = Role.valueOf(words[1].toUpperCase(Locale.ROOT));
        if (words.length != (role == Role.HOST ? 4 : 3)) {
            throw new IllegalArgumentException("words: " + words.length);
        }
        if (!isName(words[0])) {
            throw new IllegalArgumentException("name: " + words[0]);
        }
        Identity identity = new Identity(words[0], role, Set.of(), role == Role.HOST ? new HostId(words[3]) : null);
        if (byName.put(identity.name(), identity) != null
                || byDigest.put(AccessToken.requireDigest("digest", words[2]), identity) != null) {
            throw new IllegalArgumentException("twice: " + words[0]);
        }
    }

    /** Returns whether a token may have this name. The audit trail shows requests without a token as {@link Identity#ANONYMOUS}. */
    public static boolean isName(String name) {
        return NamespaceName.FORM.matcher(name).matches() && !name.equals(Identity.ANONYMOUS);
    }

    @Override
    public Optional<Identity> find(String digest) {
        return Optional.ofNullable(current().byDigest().get(digest));
    }

    /** Returns whether the file has a token of this name. */
    public boolean has(String name) {
        return current().byName().containsKey(name);
    }

    /** Lists the file's tokens by name, after a given name. */
    public List<Identity> list(String after, int limit) {
        return current().byName().tailMap(after, false).values().stream().limit(limit).toList();
    }

    /** Returns the present content of the file, or a slightly older one. */
    private Content current() {
        if (file != null && System.nanoTime() - readAt >= readEvery.toNanos() && reading.tryLock()) {
            try {
                renew(file);
            } finally {
                readAt = System.nanoTime();
                reading.unlock();
            }
        }
        return content;
    }

    private void renew(Path source) {
        try {
            String text = text(source);
            if (text.isEmpty() && !content.text().isEmpty()) {
                throw new IOException("it is empty, perhaps being written");
            }
            if (!text.equals(content.text())) {
                content = parse(text);
                LOG.info("{}: its new content is used, {} tokens", source, content.byName().size());
            }
            trouble = "";
        } catch (IOException e) {
            // The file is read again and again, so each failure is logged once.
            if (!trouble.equals(e.toString())) {
                trouble = e.toString();
                LOG.warn("{}: not read again, its former tokens are used: {} (expected: {})", source, e.getMessage(), FORM);
            }
        }
    }
}
