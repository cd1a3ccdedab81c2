package dev.spillway.pager;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.codec.Json;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The content of a snapshot: its sequences, their pages, and the places where the pages are packed. Equal manifests have equal JSON.
 *
 * @param digest    SHA-256 of meta, sequences and the hashes of their pages. It depends neither on physical pages nor on how they are packed
 * @param pages     distinct pages, numbered in the order in which the sequences, sorted by id, name them first. Two pages with equal contents stay
 *                  two pages
 * @param sequences sorted by id
 * @param check     SHA-256 of this manifest without this field
 */
record SnapshotManifest(
        int version,
        ContentDigest digest,
        PagerMeta meta,
        List<String> packs,
        List<Page> pages,
        List<Sequence> sequences,
        ContentDigest check) {
    static final String FILE = "manifest.json";
    static final int VERSION = 2;
    /** The oldest version that is read; its pages have no {@code crc}. */
    private static final int VERSION_MIN = 1;
    static final int BYTES_MAX = 512 << 20;
    private static final ObjectMapper JSON = Json.strict();
    private static final int CHECK_FIELD_BYTES = ",\"check\":\"\"}".length() + 64;
    private static final Pattern PACK = Pattern.compile("pack-[0-9a-f-]{36}\\.safetensors");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{32}");

    /**
     * A packed page.
     *
     * @param pack index of its pack among the packs
     * @param at   number of its tensor in the pack
     * @param crc  its {@link PageCheck}, 32 hexadecimal digits; null if it had none in memory
     */
    record Page(String hash, int pack, int at, @Nullable String crc) {}

    /**
     * A sequence.
     *
     * @param pages  numbers of its pages, by position
     * @param checks checks that bind its pages to their positions
     * @param states its states, by the name of the pool
     */
    record Sequence(String id, int lastPageTokens, List<Integer> pages, List<String> checks, TreeMap<String, State> states) {}

    /** A packed state. */
    record State(Page page, String check) {}

    static SnapshotManifest of(PagerMeta meta, List<String> packs, List<Page> pages, List<Sequence> sequences) {
        SnapshotManifest unchecked =
                new SnapshotManifest(VERSION, digest(meta, pages, sequences), meta, packs, pages, sequences, Sha256.of(new byte[0]));
        return new SnapshotManifest(VERSION, unchecked.digest(), meta, packs, pages, sequences, check(unchecked.json()));
    }

    private static ContentDigest digest(PagerMeta meta, List<Page> pages, List<Sequence> sequences) {
        MessageDigest digest = Sha256.begin();
        update(digest, meta.model().value());
        update(digest, meta.layout().value());
        for (Sequence sequence : sequences) {
            update(digest, sequence.id());
            digest.update(ByteBuffer.allocate(8).putInt(sequence.lastPageTokens()).putInt(sequence.pages().size()).flip());
            sequence.pages().forEach(page -> {
                digest.update(ByteBuffer.allocate(4).putInt(page).flip());
                update(digest, pages.get(page).hash());
            });
            sequence.states().forEach((pool, state) -> {
                update(digest, pool);
                update(digest, state.page().hash());
            });
        }
        return Sha256.end(digest);
    }

    private static void update(MessageDigest digest, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(4).putInt(bytes.length).flip());
        digest.update(bytes);
    }

    /** Returns the SHA-256 of the JSON of a manifest up to its last field, the check. */
    private static ContentDigest check(byte[] json) {
        MessageDigest digest = Sha256.begin();
        digest.update(json, 0, json.length - CHECK_FIELD_BYTES);
        return Sha256.end(digest);
    }

    byte[] json() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Reads a manifest and verifies everything that can be verified without its packs.
     *
     * @throws PagerRefusedException if the manifest is damaged or of another version
     */
    static SnapshotManifest parse(byte[] json) {
        if (json.length <= CHECK_FIELD_BYTES) {
            throw damaged("ends early");
        }
        @Nullable
        SnapshotManifest manifest;
        try {
            manifest = JSON.readValue(json, SnapshotManifest.class);
        } catch (IOException e) {
            requireVersion(json);
            throw damaged("is not readable: " + e.getMessage());
        }
        if (manifest == null) {
            throw damaged("is null");
        }
        if (!isKnown(manifest.version())) {
            throw otherVersion(manifest.version());
        }
        if (!check(json).equals(manifest.check())) {
            throw damaged("has another content than its check");
        }
        manifest.require();
        return manifest;
    }

    /** Refuses a manifest of another version before its fields are read, because it may have others and is not damaged. */
    private static void requireVersion(byte[] json) {
        try {
            int version = JSON.readTree(json).path("version").asInt(VERSION);
            if (!isKnown(version)) {
                throw otherVersion(version);
            }
        } catch (IOException e) {
            throw damaged("is no JSON: " + e.getMessage());
        }
    }

    private static boolean isKnown(int version) {
        return version >= VERSION_MIN && version <= VERSION;
    }

    private static PagerRefusedException otherVersion(int version) {
        return new PagerRefusedException(
                Reason.MISMATCH,
                "manifest: version %d (expected: %d to %d)".formatted(version, VERSION_MIN, VERSION));
    }

    private void require() {
        if (!packs.stream().allMatch(pack -> PACK.matcher(pack).matches())
                || new HashSet<>(packs).size() < packs.size()) {
            throw damaged("names packs by other names than its own, or twice");
        }
        pages.forEach(this::requirePage);
        PlaceChecks places = new PlaceChecks(meta);
        String before = "";
        Set<Integer> named = new HashSet<>();
        for (Sequence sequence : sequences) {
            if (sequence.id().compareTo(before) <= 0) {
                throw damaged("has sequences that are not sorted, or one twice: " + sequence.id());
            }
            before = sequence.id();
            requireSequence(sequence, named, places);
        }
        if (named.size() != pages.size()) {
            throw damaged("has %d pages that no sequence names".formatted(pages.size() - named.size()));
        }
        if (!digest(meta, pages, sequences).equals(digest)) {
            throw damaged("has another content than its digest");
        }
    }

    private void requirePage(Page page) {
        if (page.pack() < 0 || page.pack() >= packs.size() || page.at() < 0 || !HASH.matcher(page.hash()).matches()
                || page.crc() != null && !HASH.matcher(page.crc()).matches()) {
            throw damaged("has a page that points nowhere: " + page);
        }
    }

    private void requireSequence(Sequence sequence, Set<Integer> named, PlaceChecks places) {
        String id = sequence.id();
        if (sequence.lastPageTokens() < 0 || sequence.lastPageTokens() >= meta.page().tokens()
                || sequence.pages().isEmpty() && sequence.lastPageTokens() > 0) {
            throw damaged(
                    "sequence %s: has %d tokens in its last page (expected: less than %d)".formatted(
                            id,
                            sequence.lastPageTokens(),
                            meta.page().tokens()));
        }
        if (sequence.checks().size() != sequence.pages().size() || new HashSet<>(sequence.pages()).size() < sequence.pages().size()) {
            throw damaged("sequence %s: has a page twice, or not one check for each".formatted(id));
        }
        for (int position = 0; position < sequence.pages().size(); position++) {
            int page = sequence.pages().get(position);
            if (page < 0 || page >= pages.size()) {
                throw damaged(
                        "sequence %s: has page %d at position %d (expected: 0 to %d)".formatted(id, page, position, pages.size() - 1));
            }
            if (named.add(page) && page != named.size() - 1) {
                throw damaged("sequence %s: has page %d at position %d, before it was numbered".formatted(id, page, position));
            }
            if (!places.of(PageHash.parse(pages.get(page).hash()), id, "", position).equals(sequence.checks().get(position))) {
                throw damaged("sequence %s: the page at position %d belongs to another place".formatted(id, position));
            }
        }
        if (!sequence.states().keySet().stream().toList().equals(meta.states().stream().map(StatePool::name).toList())) {
            throw damaged("sequence %s: has states %s (expected: those of all pools)".formatted(id, sequence.states().keySet()));
        }
        sequence.states().forEach((pool, state) -> {
            requirePage(state.page());
            if (!places.of(PageHash.parse(state.page().hash()), id, pool, 0).equals(state.check())) {
                throw damaged("sequence %s: the state of %s belongs to another place".formatted(id, pool));
            }
        });
    }

    private static PagerRefusedException damaged(String detail) {
        return new PagerRefusedException(Reason.DAMAGED, "manifest: " + detail);
    }

    PackPage packed(Page page) {
        String crc = page.crc();
        return new PackPage(packs.get(page.pack()), page.at(), PageHash.parse(page.hash()), crc == null ? null : PageCheck.parse(crc));
    }

    /** Returns the packed contents of all pages and states. */
    List<PackPage> contents() {
        return java.util.stream.Stream.concat(
                pages.stream(),
                sequences.stream().map(Sequence::states).map(Map::values).flatMap(java.util.Collection::stream).map(State::page))
                .map(this::packed)
                .toList();
    }
}
