package dev.spillway.service.http;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ends one connection on which no request is under way for too long, or on which a request begins and its header does not come to an end. From a
 * request's header to the end of its body and of its answer no time runs here: that is bounded where the body is read and the answer is written.
 * Used by the connection's event loop.
 */
final class ConnectionTimes extends ChannelDuplexHandler {
    private final HttpLimits.Connections limits;
    private long begun;
    private long received;
    private long answered;
    private boolean informing;
    private long idleSince;
    private long untakenSince;
    /** At most one at a time; it looks again when there was a request meanwhile, so that a request costs no timer. */
    private @Nullable ScheduledFuture<?> idleCheck;
    private @Nullable ScheduledFuture<?> headerDeadline;

    ConnectionTimes(HttpLimits.Connections limits) {
        this.limits = limits;
    }

    /** What stands before the decoder, because that says nothing of a header that is not whole. Its problem is answered by {@link BrokenMessages}. */
    final class BytesRead extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object bytes) {
            boolean idle = isIdle();
            long before = begun;
            context.fireChannelRead(bytes);
            if (idle && begun == before && headerDeadline == null && context.channel().isActive()) {
                headerDeadline = schedule(context, limits.headerWithin(),
                        () -> context.fireUserEventTriggered(Problems.headerTimeout(limits.headerWithin())));
            }
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        idles(context);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        headerIsWhole();
        if (idleCheck != null) {
            idleCheck.cancel(false);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof HttpRequest) {
            begun++;
            headerIsWhole();
        }
        if (message instanceof LastHttpContent) {
            received++;
            idlesIfNothingIsUnderWay(context);
        }
        context.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws Exception {
        if (message instanceof HttpResponse response) {
            informing = response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
        }
        boolean last = message instanceof LastHttpContent && !informing;
        super.write(context, message, promise);
        if (last) {
            answered++;
            idlesIfNothingIsUnderWay(context);
        }
    }

    private boolean isIdle() {
        return begun == received && begun == answered;
    }

    private void idlesIfNothingIsUnderWay(ChannelHandlerContext context) {
        if (isIdle()) {
            idles(context);
        }
    }

    private void idles(ChannelHandlerContext context) {
        idleSince = System.nanoTime();
        untakenSince = untaken(context);
        if (idleCheck == null) {
            idleCheck = schedule(context, limits.idleMax(), () -> checkIdle(context));
        }
    }

    private void checkIdle(ChannelHandlerContext context) {
        idleCheck = null;
        if (!isIdle() || headerDeadline != null) {
            return;
        }
        var left = limits.idleMax().minusNanos(System.nanoTime() - idleSince);
        if (left.isPositive()) {
            idleCheck = schedule(context, left, () -> checkIdle(context));
        } else if (untaken(context) < untakenSince) {
            idles(context);
        } else {
            var _ = context.close();
        }
    }

    /** How many bytes of the answers the system has not taken yet, which means that the client does not read them. */
    private static long untaken(ChannelHandlerContext context) {
        var buffer = context.channel().unsafe().outboundBuffer();
        return buffer == null ? 0 : buffer.totalPendingWriteBytes() - buffer.currentProgress();
    }

    private void headerIsWhole() {
        if (headerDeadline != null) {
            headerDeadline.cancel(false);
            headerDeadline = null;
        }
    }

    private static ScheduledFuture<?> schedule(ChannelHandlerContext context, Duration after, Runnable work) {
        return context.executor().schedule(work, after.toNanos(), TimeUnit.NANOSECONDS);
    }
}
