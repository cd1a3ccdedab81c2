package dev.spillway.worker.http.cache;

import dev.spillway.service.http.Response;

/** Nx: a record is written once, and the answer to a refused put makes Nx go on without storing. */
final class Nx implements Dialect {
    static final String PREFIX = "v1/cache/";

    @Override
    public boolean keepsFirst() {
        return true;
    }

    @Override
    public Response put(boolean isNew) {
        return Response.empty(isNew ? 200 : 409);
    }

    @Override
    public RefusalStatuses refusals() {
        return RefusalStatuses.NX;
    }
}
