package dev.spillway.coordinator.kafka;

import dev.spillway.service.kafka.Message;
import dev.spillway.service.kafka.MessageSender;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;

/**
 * A batch of messages that is being sent to Kafka.
 *
 * @param sent items sent, each with its acknowledgement
 */
record SentBatch<T>(Map<T, CompletableFuture<Long>> sent) {
    /** The result of sending a batch. Items that count as failed may still arrive. */
    record Result<T>(List<T> acknowledged, List<T> failed, String firstFailure) {}

    static <T> SentBatch<T> send(MessageSender sender, List<T> items, Function<T, Message> message) {
        Map<T, CompletableFuture<Long>> sent = new LinkedHashMap<>();
        boolean accepted = true;
        for (T item : items) {
            // After a refused message no further ones are sent. It may have waited for a long time, and each of the others would wait as long.
            CompletableFuture<Long> acknowledgement = accepted ? sender.send(message.apply(item))
                    : CompletableFuture.failedFuture(new IllegalStateException("not sent behind one that was refused"));
            accepted &= !acknowledgement.isCompletedExceptionally();
            sent.put(item, acknowledgement);
        }
        return new SentBatch<>(sent);
    }

    /** Waits until every item is acknowledged or failed, or until Kafka no longer answers. An interrupt ends the wait at once, and stays set. */
    Result<T> await(Brokers brokers) {
        CompletableFuture<Void> settled =
                CompletableFuture.allOf(sent.values().toArray(CompletableFuture[]::new)).exceptionally(failure -> null);
        try {
            CompletableFuture.anyOf(settled, brokers.lost()).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException("waiting for acknowledgements, none of which fails here", e);
        }
        List<T> acknowledged = new ArrayList<>();
        List<T> failed = new ArrayList<>();
        String firstFailure = "";
        for (Map.Entry<T, CompletableFuture<Long>> item : sent.entrySet()) {
            CompletableFuture<Long> acknowledgement = item.getValue();
            if (acknowledgement.isDone() && !acknowledgement.isCompletedExceptionally()) {
                acknowledged.add(item.getKey());
            } else {
                failed.add(item.getKey());
                firstFailure = firstFailure.isEmpty() ? reason(acknowledgement) : firstFailure;
            }
        }
        return new Result<>(acknowledged, failed, firstFailure);
    }

    private static String reason(CompletableFuture<Long> acknowledgement) {
        return acknowledgement.isDone() ? String.valueOf(acknowledgement.exceptionNow().getMessage()) : "not acknowledged";
    }
}
