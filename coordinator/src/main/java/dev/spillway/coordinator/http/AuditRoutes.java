package dev.spillway.coordinator.http;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.body.Audit;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries.Page;
import dev.spillway.registry.trail.AuditRecord;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Paging;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import java.util.List;
import java.util.function.Function;

/** Routes of the audit trail, which lists changes other than those of entries. */
final class AuditRoutes {
    private final Registry registry;

    AuditRoutes(Registry registry) {
        this.registry = registry;
    }

    List<Endpoint> endpoints() {
        return List.of(Endpoint.of(CoordinatorApi.LIST_CHANGES, this::list));
    }

    private Response list(Request request) {
        var filter = new AuditRecord.Filter(
                request.query().value("namespace", NamespaceName::new).orElse(null),
                request.query().value("host", HostId::new).orElse(null),
                request.query().value("actor", Function.identity()).orElse(null));
        Paging paging = Paging.of(request, "changes");
        Page<AuditRecord> page = registry.queries().audit(filter, paging.after(), paging.limit());
        return Response.ok(paging.page(page.items(), page.next(), AuditRoutes::answer));
    }

    private static Audit.Change answer(AuditRecord record) {
        AuditRecord.Subject subject = record.subject();
        return new Audit.Change(
                record.at(),
                record.actor().value(),
                Audit.Action.valueOf(record.action().name()),
                subject.namespace(),
                subject.key(),
                subject.host(),
                subject.plan(),
                record.detail());
    }
}
