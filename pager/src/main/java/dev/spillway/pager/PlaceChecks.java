package dev.spillway.pager;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Computes checks that bind contents to their places, so that a correct page in a wrong place fails its check. Made once per snapshot. */
final class PlaceChecks {
    private static final int DIGEST_DIGITS = 64;

    private final byte[] model;
    private final byte[] layout;

    PlaceChecks(PagerMeta meta) {
        this.model = meta.model().value().getBytes(StandardCharsets.US_ASCII);
        this.layout = meta.layout().value().getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Returns the check of a content at a place. The same content has another check at any other place.
     *
     * @param part pool of a state; the empty string for a page
     */
    String of(PageHash hash, String sequence, String part, int position) {
        byte[] name = sequence.getBytes(StandardCharsets.UTF_8);
        byte[] where = part.getBytes(StandardCharsets.UTF_8);
        ByteBuffer place =
                ByteBuffer.allocate(2 * DIGEST_DIGITS + 4 + name.length + 4 + where.length + 4 + 16).order(ByteOrder.LITTLE_ENDIAN);
        place.put(model).put(layout).putInt(name.length).put(name).putInt(where.length).put(where).putInt(position);
        place.putLong(hash.high()).putLong(hash.low());
        return HexFormat.of().toHexDigits(PageHash.of(place.array()).low());
    }
}
