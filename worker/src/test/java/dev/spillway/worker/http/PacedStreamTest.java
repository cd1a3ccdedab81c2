package dev.spillway.worker.http;

import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class PacedStreamTest {
    private static final long SECOND = 1_000_000_000;
    private static final UploadPace PACE = new UploadPace(1_000, Duration.ofSeconds(30));

    private long now;
    private long eachTakes;

    /** Endless; each read takes its time. */
    private final InputStream sender = new InputStream() {
        @Override
        public int read() {
            now += eachTakes;
            return 'x';
        }

        @Override
        public int read(byte[] target, int start, int count) {
            now += eachTakes;
            return count;
        }
    };
    private final PacedStream paced = new PacedStream(sender, PACE, () -> now);

    @Test
    void aByteEveryFourteenSecondsIsEndedWhenTheAverageCounts() throws IOException {
        eachTakes = 14 * SECOND;
        assertThat(paced.read()).isEqualTo('x');
        assertThat(paced.read()).isEqualTo('x');
        assertThatThrownBy(paced::read).isInstanceOfSatisfying(ProblemException.class, refused -> {
            assertThat(refused.problem().status()).isEqualTo(408);
            assertThat(refused.type()).isEqualTo(ProblemType.UPLOAD_TOO_SLOW);
            assertThat(refused.problem().detail()).contains("over PT30S (expected: 1000 bytes or more per second)");
        });
    }

    @Test
    void aFastBeginningDoesNotPayForASlowRest() throws IOException {
        assertThat(paced.read(new byte[1 << 20])).isEqualTo(1 << 20);
        eachTakes = 14 * SECOND;
        for (int read = 0; read < 3; read++) {
            assertThat(paced.read()).as("within the first window").isEqualTo('x');
        }
        paced.read();
        paced.read();
        assertThatThrownBy(paced::read).isInstanceOf(ProblemException.class);
    }

    @Test
    void theTimeThatTheReaderTakesIsNotTheSenders() throws IOException {
        eachTakes = SECOND / 1_000;
        for (int read = 0; read < 1_000; read++) {
            now += 3_600 * SECOND;
            assertThat(paced.read(new byte[10])).isEqualTo(10);
        }
        eachTakes = SECOND;
        for (int read = 0; read < 100; read++) {
            assertThat(paced.read(new byte[1_000])).as("just fast enough").isEqualTo(1_000);
        }
    }
}
