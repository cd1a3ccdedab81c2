package dev.spillway.client.http;

import java.io.FilterInputStream;
import java.io.IOException;
import org.apache.hc.core5.http.ClassicHttpResponse;

/** The body of an answer while it arrives. Its connection ends with it. */
final class AnswerStream extends FilterInputStream {
    private final Runnable end;

    AnswerStream(ClassicHttpResponse answer, Runnable end) throws IOException {
        super(answer.getEntity().getContent());
        this.end = end;
    }

    /** Closes the connection, so that a reader in another thread is woken. Unread bytes are discarded. */
    @Override
    public void close() {
        end.run();
    }
}
