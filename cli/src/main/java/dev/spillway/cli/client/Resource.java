package dev.spillway.cli.client;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The path and query of a request, each part percent-encoded exactly once. Immutable. */
record Resource(String path, String query) {
    private static final String UNRESERVED = "-_.~";
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    static Resource of(Object... parts) {
        StringBuilder path = new StringBuilder();
        for (Object part : parts) {
            path.append('/').append(encode(part.toString()));
        }
        return new Resource(path.toString(), "");
    }

    /** The same resource, with a parameter unless its value is absent. */
    Resource with(String name, @Nullable Object value) {
        if (value == null) {
            return this;
        }
        return new Resource(path, query + (query.isEmpty() ? "?" : "&") + encode(name) + "=" + encode(value.toString()));
    }

    @Override
    public String toString() {
        return path + query;
    }

    private static String encode(String text) {
        // As a part of its own a dot or two would be taken for "here" or "up" by whatever stands in between.
        boolean dots = text.equals(".") || text.equals("..");
        StringBuilder encoded = new StringBuilder();
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            char character = (char) (octet & 0xFF);
            boolean plain = character < 0x80 && (Character.isLetterOrDigit(character) || UNRESERVED.indexOf(character) >= 0);
            if (plain && !dots) {
                encoded.append(character);
            } else {
                encoded.append('%').append(HEX.toHexDigits(octet));
            }
        }
        return encoded.toString();
    }
}
