package dev.spillway.worker.http.cache;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.worker.host.artifact.HostArtifacts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Bazel: blobs are named by their SHA-256, and an action result is a hit only if all of its blobs are available. */
final class Bazel {
    static final Dialect BLOBS = new Blobs();
    static final Dialect RESULTS = new Results();

    private static final Pattern PATH = Pattern.compile("(?s)((?:.*/)?)(ac|cas)/([0-9a-f]{64})");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    private Bazel() {}

    static boolean isHash(String text) {
        return HASH.matcher(text).matches();
    }

    /** Returns the dialect of a path: that of Bazel if the path is one of Bazel's, otherwise {@code other}. */
    static Dialect of(String path, Dialect other) {
        Matcher matcher = PATH.matcher(path);
        if (!matcher.matches()) {
            return other;
        }
        return matcher.group(2).equals("cas") ? BLOBS : RESULTS;
    }

    private static final class Blobs implements Dialect {
        @Override
        public @Nullable GroupName group(EntryName name) {
            return null;
        }

        @Override
        public void check(EntryName name, ContentDigest digest) {
            if (!name.key().value().endsWith("/" + digest) && !name.key().value().equals(digest.value())) {
                throw Problem.of(ProblemType.INVALID_VALUE, "content: has the SHA-256 %s (expected: that of its path)".formatted(digest))
                        .exception();
            }
        }
    }

    private static final class Results extends WholeResults {
        @Override
        public GroupName group(EntryName name) {
            return new GroupName(name.key().value());
        }

        /** Notes a use of the result and its parts, because the parts were put before their result. */
        @Override
        public void kept(HostArtifacts artifacts, EntryName name) throws IOException, InterruptedException {
            try (HostArtifacts.Found found = artifacts.find(name, false, false)) {
                if (found instanceof HostArtifacts.Found.Served served) {
                    partsHere(artifacts, name, served, new Fetch(false, false)).ifPresent(parts -> used(artifacts, name, parts));
                }
            }
        }

        /**
         * Makes one group of a result and its parts, so that they are evicted together. A part of several results joins the group of the one used
         * last.
         */
        @Override
        void used(HostArtifacts artifacts, EntryName result, List<EntryName> parts) {
            parts.forEach(part -> artifacts.renew(part, group(result)));
        }

        /** Returns the parts of an action result. Another artifact under such a name, as from ccache, has no parts. */
        @Override
        Optional<List<EntryName>> parts(HostArtifacts artifacts, EntryName result, HostArtifacts.Found.Served served, Fetch fetch)
                throws IOException, InterruptedException {
            ActionResult action;
            try {
                action = ActionResult.parse(served.content().stream());
            } catch (IOException _) {
                return Optional.of(List.of());
            }
            List<EntryName> parts = new ArrayList<>();
            for (String tree : action.trees()) {
                EntryName name = blob(result, tree);
                try (HostArtifacts.Found found = artifacts.find(name, fetch.wanted(), fetch.counted())) {
                    if (!(found instanceof HostArtifacts.Found.Served content) || !addFiles(result, content, parts)) {
                        return Optional.empty();
                    }
                }
                parts.add(name);
            }
            action.blobs().forEach(hash -> parts.add(blob(result, hash)));
            return Optional.of(parts);
        }

        private static boolean addFiles(EntryName result, HostArtifacts.Found.Served tree, List<EntryName> parts) {
            try {
                ActionResult.filesOfTree(tree.content().stream()).forEach(hash -> parts.add(blob(result, hash)));
                return true;
            } catch (IOException _) {
                // The tree cannot be read, so its files are unknown.
                return false;
            }
        }

        private static EntryName blob(EntryName result, String hash) {
            Matcher matcher = PATH.matcher(result.key().value());
            if (!matcher.matches()) {
                throw new IllegalArgumentException("key: " + result.key() + " (expected: that of an action result)");
            }
            return new EntryName(result.namespace(), new EntryKey(matcher.group(1) + "cas/" + hash));
        }
    }
}
