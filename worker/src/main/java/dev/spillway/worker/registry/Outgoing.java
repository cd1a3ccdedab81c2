package dev.spillway.worker.registry;

import dev.spillway.api.Headers;
import dev.spillway.client.http.Call;
import dev.spillway.service.tracing.RequestScope;
import dev.spillway.service.tracing.Traceparent;
import java.util.Map;

/** Adds the token, the id and the trace of the request that this thread works for to calls of other services. */
final class Outgoing {
    private static final String REQUEST_ID = "X-Request-Id";

    private Outgoing() {}

    /**
     * Returns the call with the token of the client for whom this thread works; unchanged if there is none. Use it for coordinators alone, because
     * the receiver of a token can use it.
     */
    static Call passedOn(Call call) {
        RequestScope request = RequestScope.current();
        return request == null ? call
                : request.token().map(token -> call.header(Headers.CLIENT_TOKEN, token.reveal())).orElse(call);
    }

    /** Returns the call with the id of the request that this thread works for, and with its trace if it has one; unchanged if there is none. */
    static Call traced(Call call) {
        RequestScope request = RequestScope.current();
        if (request == null) {
            return call;
        }
        Call traced = call.header(REQUEST_ID, request.id());
        for (Map.Entry<String, String> header : Traceparent.headers(request.span()).entrySet()) {
            traced = traced.header(header.getKey(), header.getValue());
        }
        return traced;
    }
}
