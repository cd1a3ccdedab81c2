package dev.spillway.api;

import java.net.URI;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class PathEncodingTest {
    private static final String CHARACTERS = "az09-_.~./\\%+ ?#&=;:@";
    private static final int CASES = 20_000;

    @Test
    void whatIsEncodedIsDecodedToTheSameTextAndIsOneSegmentThatNoUriChanges() {
        for (long seed = 0; seed < CASES; seed++) {
            String text = text(new Random(seed));
            String encoded = PathEncoding.encode(text);
            assertThat(PathEncoding.decode(encoded)).as("seed %d", seed).isEqualTo(text);
            assertThat(PathEncoding.decodeQuery(encoded)).as("seed %d", seed).isEqualTo(text);
            assertThat(encoded).as("seed %d", seed).matches("[A-Za-z0-9._~%-]*").isNotEqualTo(".").isNotEqualTo("..");
            assertThat(URI.create("http://h/a/" + encoded + "/b").normalize().getRawPath()).as("seed %d", seed)
                    .isEqualTo(encoded.isEmpty() ? "/a/b" : "/a/" + encoded + "/b");
        }
    }

    /** Letters, separators, dots, controls and characters of one to four bytes, so that each meets each. */
    private static String text(Random random) {
        var text = new StringBuilder();
        int length = random.nextInt(12);
        while (text.length() < length) {
            int kind = random.nextInt(5);
            int point = kind < 3 ? CHARACTERS.charAt(random.nextInt(CHARACTERS.length()))
                    : random.nextInt(kind == 3 ? 0x800 : Character.MAX_CODE_POINT + 1);
            if (Character.getType(point) != Character.SURROGATE) {
                text.appendCodePoint(point);
            }
        }
        return text.toString();
    }

    @ParameterizedTest
    @CsvSource({
            ".,%2E",
            "..,%2E%2E",
            "...,%2E%2E%2E",
            "a/../b,a%2F%2E%2E%2Fb",
            "a.b,a.b",
            ".a,.a",
            "a~b,a~b",
            "a b,a%20b",
            "ü,%C3%BC",
            "𝄞,%F0%9D%84%9E"})
    void oneTextHasOneForm(String text, String encoded) {
        assertThat(PathEncoding.encode(text)).isEqualTo(encoded);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%4", "%zz", "%FF", "%C0%AF", "ü", "a b"})
    void whatIsNotWellFormedIsRefused(String raw) {
        assertThatThrownBy(() -> PathEncoding.decode(raw)).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(raw);
    }

    @Test
    void halfASurrogatePairIsRefusedAndNotReplaced() {
        assertThatThrownBy(() -> PathEncoding.encode("a\uD834")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("UTF-8");
    }
}
