package dev.spillway.worker.http.cache;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.InvalidValueException;
import dev.spillway.worker.host.artifact.HostArtifacts;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;

/** The Maven build cache extension: its {@code buildinfo.xml}, which is put last, is a hit only if all files that it names are available. */
final class MavenBuilds extends WholeResults {
    /** Path of a file of a build: version, group, artifact, checksum of a project, name. */
    private static final Pattern FILE = Pattern.compile("(?s)((?:.*/)?v\\d+(?:\\.\\d+)*/[^/]+/[^/]+/[0-9a-f]{16,128})/(.+)");
    private static final String BUILD = "buildinfo.xml";
    private static final long BUILD_BYTES_MAX = 16 << 20;
    private static final Set<String> ARTIFACT = Set.of("artifact", "attachedArtifact");
    private static final Dialect BUILDS = new MavenBuilds();

    private MavenBuilds() {}

    /** Returns the dialect of a path: this one for a {@code buildinfo.xml}, otherwise {@code other}. */
    static Dialect of(String path, Dialect other) {
        return path.endsWith("/" + BUILD) && FILE.matcher(path).matches() ? BUILDS : other;
    }

    /** Returns the group of a file of a build; null for another file. */
    static @Nullable GroupName groupOf(EntryName name) {
        Matcher file = FILE.matcher(name.key().value());
        return file.matches() ? new GroupName(file.group(1)) : null;
    }

    /** Returns the files of a build. An artifact that describes no build has no parts, and is answered as it is. */
    @Override
    Optional<List<EntryName>> parts(HostArtifacts artifacts, EntryName result, HostArtifacts.Found.Served served, Fetch fetch)
            throws IOException {
        String path = result.key().value();
        String folder = path.substring(0, path.length() - BUILD.length());
        if (served.content().size() > BUILD_BYTES_MAX) {
            return Optional.of(List.of());
        }
        try (InputStream content = served.content().stream()) {
            return Optional
                    .of(filesOf(content).stream().map(file -> new EntryName(result.namespace(), new EntryKey(folder + file))).toList());
        } catch (XMLStreamException | InvalidValueException _) {
            return Optional.of(List.of());
        }
    }

    /**
     * Returns the names of the files of a build. An item without a hash is left out: the build had no such file, or it is a directory, whose archive
     * is put only if it is not empty.
     *
     * @throws XMLStreamException if this is no XML
     */
    static List<String> filesOf(InputStream content) throws XMLStreamException {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        XMLStreamReader xml = factory.createXMLStreamReader(content);
        List<String> files = new ArrayList<>();
        String name = "";
        boolean isFile = false;
        while (xml.hasNext()) {
            xml.next();
            if (xml.isStartElement()) {
                switch (xml.getLocalName()) {
                    case "fileName" -> name = xml.getElementText();
                    case "fileHash" -> isFile = !xml.getElementText().isEmpty();
                    default -> {
                        // Other elements say nothing of files.
                    }
                }
            } else if (xml.isEndElement() && ARTIFACT.contains(xml.getLocalName())) {
                if (isFile && !name.isEmpty()) {
                    files.add(name);
                }
                name = "";
                isFile = false;
            }
        }
        return files;
    }
}
