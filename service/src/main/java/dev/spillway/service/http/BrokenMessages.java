package dev.spillway.service.http;

import dev.spillway.api.Problem;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Answers on one connection what Vert.x would end without a word, or would take for what it is not: a body whose chunks cannot be told apart, or that
 * is sent in another way than in chunks (RFC 9112, section 6), a version of HTTP that is not spoken here, a request without its one host (section 3.2),
 * and a header that does not come to its end in time, of which {@link ConnectionTimes} tells. The connection ends with the answer, because nobody
 * knows where the next request would begin; requests before it are answered first. Used by the connection's event loop.
 */
final class BrokenMessages extends ChannelDuplexHandler {
    /** How long the client may take to take the answer. */
    private static final Duration LAST_WORD_WITHIN = Duration.ofSeconds(5);

    private long asked;
    private long answered;
    private long ended;
    private boolean informing;
    private boolean refused;
    /** What is answered once the requests before it are. */
    private @Nullable Problem refusal;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (refused || refusal != null) {
            ReferenceCountUtil.release(message);
            return;
        }
        Problem problem = null;
        if (message instanceof HttpRequest request) {
            asked++;
            problem = request.decoderResult().isSuccess() ? wrongWith(request) : null;
        } else if (message instanceof HttpContent content && content.decoderResult().isFailure() && answered < asked) {
            problem = Problems.malformedChunks();
        }
        if (problem == null) {
            context.fireChannelRead(message);
            return;
        }
        ReferenceCountUtil.release(message);
        if (ended == asked - 1) {
            refuse(context, problem);
        } else {
            refusal = problem;
        }
    }

    private static @Nullable Problem wrongWith(HttpRequest request) {
        var version = request.protocolVersion();
        if (!isSpoken(version)) {
            return Problems.versionNotSupported(version.text());
        }
        int hosts = request.headers().getAll(HttpHeaderNames.HOST).size();
        if (hosts > 1 || (hosts == 0 && version.equals(HttpVersion.HTTP_1_1))) {
            return Problems.notOneHost(hosts);
        }
        var encodings = request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
        boolean chunked = encodings.size() == 1 && encodings.getFirst().equalsIgnoreCase("chunked");
        return encodings.isEmpty() || chunked ? null : Problems.transferEncodingNotSupported(encodings);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (!(event instanceof Problem problem)) {
            context.fireUserEventTriggered(event);
        } else if (!refused) {
            refuse(context, problem);
        }
    }

    private static boolean isSpoken(HttpVersion version) {
        return version.equals(HttpVersion.HTTP_1_1) || version.equals(HttpVersion.HTTP_1_0);
    }

    /** What a handler still has to say to the broken request comes too late. */
    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws Exception {
        if (refused) {
            ReferenceCountUtil.release(message);
            promise.tryFailure(new ClosedChannelException());
            return;
        }
        if (message instanceof HttpResponse response) {
            informing = response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
            answered += informing ? 0 : 1;
        }
        ended += message instanceof LastHttpContent && !informing ? 1 : 0;
        super.write(context, message, promise);
        if (refusal != null && ended == asked - 1) {
            refuse(context, refusal);
        }
    }

    private void refuse(ChannelHandlerContext context, Problem problem) {
        refused = true;
        var body = Unpooled.copiedBuffer(problem.toJson().toString(), StandardCharsets.UTF_8);
        var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(problem.status()), body);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, Problem.MEDIA_TYPE)
                .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes())
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
        var deadline = context.executor().schedule(() -> {
            var _ = context.close();
        }, LAST_WORD_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        context.channel().closeFuture().addListener(closed -> deadline.cancel(false));
    }
}
