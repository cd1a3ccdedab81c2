package dev.spillway.registry.trail;

import dev.spillway.events.InvalidValueException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ActivityCursorTest {
    @Test
    void itsTextIsReadAsTheSameAgain() {
        ActivityCursor cursor = new ActivityCursor(1_234, 56);
        assertThat(cursor.toString()).isEqualTo("1234-56");
        assertThat(ActivityCursor.parse("id", cursor.toString())).isEqualTo(cursor);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "yesterday", "7", "1-", "-1", "1--1", "1-2-3", " 1-2", "1-2 ", "\u0661-2", "1234567890123456789-1"})
    void whatIsNoneIsRefusedByTheNameThatItHasForItsUser(String text) {
        assertThatThrownBy(() -> ActivityCursor.parse("Last-Event-ID", text)).isInstanceOf(InvalidValueException.class)
                .hasMessage("Last-Event-ID: " + text + " (expected: the id of an event, such as 1234-56)");
    }
}
