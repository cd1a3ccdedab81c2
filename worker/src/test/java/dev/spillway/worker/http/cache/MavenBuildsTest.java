package dev.spillway.worker.http.cache;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.NamespaceName;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.xml.stream.XMLStreamException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class MavenBuildsTest {
    private static List<String> filesOf(String xml) throws XMLStreamException {
        return MavenBuilds.filesOf(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void filesWithAHashAreParts() throws Exception {
        assertThat(filesOf("""
                <?xml version="1.0" encoding="UTF-8"?>
                <build xmlns="http://maven.apache.org/BUILD-CACHE-BUILD/1.2.0">
                    <artifact><fileName>app.jar</fileName><fileHash>1a2b</fileHash><fileSize>10</fileSize></artifact>
                    <attachedArtifacts>
                        <attachedArtifact><fileName>classes.zip</fileName><isDirectory>true</isDirectory></attachedArtifact>
                        <attachedArtifact><fileHash>3c4d</fileHash><fileName>sources &amp; more.jar</fileName></attachedArtifact>
                    </attachedArtifacts>
                    <executions><execution><properties><property name="fileName">x</property></properties></execution></executions>
                </build>
                """)).containsExactly("app.jar", "sources & more.jar");
        assertThat(filesOf("<build><artifact><fileName>app.jar</fileName></artifact></build>")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "not XML", "<build><artifact>", "<!DOCTYPE b [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><build>&e;</build>"})
    void whatIsNoBuildIsRefused(String text) {
        assertThatThrownBy(() -> filesOf(text)).isInstanceOf(XMLStreamException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1.1/org.example/app/0123456789abcdef/buildinfo.xml", "team/v1/g/a/0123456789abcdef0/app.jar"})
    void filesOfABuildAreOneGroup(String path) {
        assertThat(MavenBuilds.groupOf(new EntryName(new NamespaceName("builds"), new EntryKey(path))))
                .isEqualTo(new GroupName(path.substring(0, path.lastIndexOf('/'))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"buildinfo.xml", "v1.1/org.example/app/0123/buildinfo.xml", "x1/g/a/0123456789abcdef/buildinfo.xml"})
    void otherFilesAreOfNoBuild(String path) {
        assertThat(MavenBuilds.groupOf(new EntryName(new NamespaceName("builds"), new EntryKey(path)))).isNull();
        assertThat(MavenBuilds.of(path, Dialect.PLAIN)).isSameAs(Dialect.PLAIN);
    }
}
