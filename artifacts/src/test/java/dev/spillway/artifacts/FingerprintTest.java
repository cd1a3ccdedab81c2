package dev.spillway.artifacts;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class FingerprintTest {
    private static final String TEXT = "00ff0123456789abcdef00ff0123456789abcdef00ff0123456789abcdef8001";

    @Test
    void itsTextIsReadAndWritten() {
        Fingerprint fingerprint = Fingerprint.parse(TEXT);
        assertThat(fingerprint).hasToString(TEXT).isEqualTo(Fingerprint.of(fingerprint.toByteArray()));
        assertThat(fingerprint).isGreaterThan(Fingerprint.parse(TEXT.replace("8001", "7001")));
        assertThat(fingerprint).isLessThan(Fingerprint.parse("ff" + TEXT.substring(2)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "",
                    "00",
                    "00FF0123456789abcdef00ff0123456789abcdef00ff0123456789abcdef8001",
                    "00ff0123456789abcdef00ff0123456789abcdef00ff0123456789abcdef800g",
                    "00ff0123456789abcdef00ff0123456789abcdef00ff0123456789abcdef80010"})
    void allElseIsRefused(String text) {
        assertThatThrownBy(() -> Fingerprint.parse(text)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("64 lower-case");
    }
}
