package dev.spillway.registry;

/** Thrown when an idempotency key is used again with another request. */
public final class KeyReusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public KeyReusedException(IdempotencyKey key) {
        super("Idempotency-Key: " + key.key() + " (expected: a key that was not used for another request)");
    }
}
