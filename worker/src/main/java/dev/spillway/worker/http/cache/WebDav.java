package dev.spillway.worker.http.cache;

import dev.spillway.api.WorkerApi;
import dev.spillway.events.NamespaceName;
import dev.spillway.service.http.Response;
import dev.spillway.worker.host.artifact.HostArtifacts;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.jspecify.annotations.Nullable;

/** Answers of WebDAV (RFC 4918), as far as sccache uses it. Collections are only prefixes of keys, so each one exists and none can be listed. */
final class WebDav {
    private static final String DAV = "DAV:";
    private static final String PREFIX = "D";

    private WebDav() {}

    static Response options() {
        return Response.empty(200).header("DAV", "1").header("Allow", "DELETE, GET, HEAD, MKCOL, OPTIONS, POST, PROPFIND, PUT");
    }

    /** Answers with the properties of an artifact, or of a collection where there is none. */
    static Response found(NamespaceName namespace, String path, Optional<HostArtifacts.Found.Served> artifact, Instant now) {
        return Response.bytes(
                "application/xml; charset=utf-8",
                multistatus(WorkerApi.GET_CACHED.path(namespace, path), artifact.orElse(null), now)).status(207);
    }

    private static byte[] multistatus(String href, HostArtifacts.Found.@Nullable Served artifact, Instant now) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            XMLStreamWriter xml = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(bytes, StandardCharsets.UTF_8.name());
            xml.writeStartDocument(StandardCharsets.UTF_8.name(), "1.0");
            begin(xml, "multistatus");
            xml.writeNamespace(PREFIX, DAV);
            begin(xml, "response");
            text(xml, "href", href);
            begin(xml, "propstat");
            begin(xml, "prop");
            text(xml, "getlastmodified", httpDate(now));
            begin(xml, "resourcetype");
            if (artifact == null) {
                xml.writeEmptyElement(PREFIX, "collection", DAV);
                xml.writeEndElement();
            } else {
                xml.writeEndElement();
                text(xml, "getcontentlength", Long.toString(artifact.content().size()));
                text(xml, "getetag", "\"" + artifact.info().content() + "\"");
            }
            xml.writeEndElement();
            text(xml, "status", "HTTP/1.1 200 OK");
            xml.writeEndDocument();
            xml.close();
        } catch (XMLStreamException e) {
            throw new IllegalStateException("memory takes what is written to it", e);
        }
        return bytes.toByteArray();
    }

    private static String httpDate(Instant at) {
        return DateTimeFormatter.RFC_1123_DATE_TIME.format(at.atOffset(ZoneOffset.UTC));
    }

    private static void begin(XMLStreamWriter xml, String name) throws XMLStreamException {
        xml.writeStartElement(PREFIX, name, DAV);
    }

    private static void text(XMLStreamWriter xml, String name, String text) throws XMLStreamException {
        begin(xml, name);
        xml.writeCharacters(text);
        xml.writeEndElement();
    }
}
