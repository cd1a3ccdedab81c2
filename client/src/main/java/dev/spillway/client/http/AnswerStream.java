package dev.spillway.client.http;

import java.io.FilterInputStream;
import java.io.IOException;
import org.apache.hc.core5.http.ClassicHttpResponse;

/** The body of an answer as it arrives; its connection ends with it. */
final class AnswerStream extends FilterInputStream {
    private final Runnable end;

    AnswerStream(ClassicHttpResponse answer, Runnable end) throws IOException {
        super(answer.getEntity().getContent());
        this.end = end;
    }

    /** Ends the connection, so that a reader in another thread is woken; what is not read is of no use to anyone. */
    @Override
    public void close() {
        end.run();
    }
}
