package dev.spillway.worker.app;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.worker.app.RunningWorker.Answer;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The answer to a put counts the properties of an archive that are not kept; with {@code strict}, the put is refused instead. */
class ArchiveLossesTest {
    @TempDir
    private Path folder;
    private TestCoordinator coordinator;
    private RunningWorker worker;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(Files.getAttribute(folder, "unix:uid").equals(0), "skipped: needs root");
        for (String command : new String[]{"/usr/bin/setfacl", "/usr/bin/setfattr", "/usr/sbin/setcap"}) {
            assumeTrue(Files.isExecutable(Path.of(command)), "skipped: no command " + command);
        }
        coordinator = new TestCoordinator(new TestRegistry().namespace("images", 10, 1L << 30), 0);
        worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), Map.of()).joined();
        shell("mkdir source; echo content > source/f; chmod 640 source/f");
    }

    @AfterEach
    void stop() {
        if (worker != null) {
            worker.close();
            coordinator.close();
        }
    }

    private String shell(String commands) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sh", "-euc", commands).directory(folder.toFile()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    private Answer put(String archive, String query, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(worker.uri(entry("k") + query))
                .header("Content-Type", "application/x-tar")
                .PUT(BodyPublishers.ofFile(folder.resolve(archive)));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return worker.send(request.build());
    }

    private Answer put(String archive) throws IOException, InterruptedException {
        return put(archive, "");
    }

    private static Path image(Answer stored) {
        assertThat(stored.status()).as(String.valueOf(stored.body())).isEqualTo(200);
        return Path.of(stored.body().path("path").asText());
    }

    /** Puts what tar makes of the source, as it is kept and with {@code strict}, which refuses it naming the path. */
    private JsonNode notKept(String tar, String path, String why) throws IOException, InterruptedException {
        shell(tar);
        Answer strict = put("a.tar", "?strict=true");
        assertThat(strict.status()).as(String.valueOf(strict.body())).isEqualTo(422);
        assertThat(strict.type()).endsWith(":tree-refused");
        assertThat(strict.body().path("path").asText()).isEqualTo(path);
        assertThat(strict.detail()).contains(why);
        Answer stored = put("a.tar");
        image(stored);
        return stored.body().path("notKept");
    }

    @Test
    void capabilitiesAreCounted() throws Exception {
        shell("setcap cap_net_raw+ep source/f");
        for (String tar : new String[]{
                "tar --xattrs --xattrs-include='*' -C source -cf a.tar .",
                "bsdtar --format pax -C source -cf a.tar ."}) {
            assertThat(notKept(tar, "./f", "its capabilities are not kept").toString()).isEqualTo("{\"capabilities\":1}");
        }
    }

    @Test
    void ownersAndSetIdBitsAreCounted() throws Exception {
        shell(
                "cp source/f source/g; chown 1234:1234 source/f source/g; chmod 4755 source/f; chmod 2755 source/g; mkdir source/d; chmod 2775 source/d");
        assertThat(notKept("tar -C source -cf a.tar f g d", "f", "its owner 1234:1234 is not kept").toString())
                .isEqualTo("{\"owners\":2,\"setuid\":3}");
    }

    @Test
    void timesThatTheFileSystemCannotHoldAreCounted() throws Exception {
        assertThat(notKept("tar --mtime=@20000000000 -C source --format=posix -cf a.tar .", "./f", "its time of modification").toString())
                .isEqualTo("{\"times\":2}");
        assertThat(notKept("ln -s f source/l; tar --mtime=@-20000000000 -C source --format=posix -cf a.tar l", "l", "its time").toString())
                .isEqualTo("{\"times\":1}");
    }

    @Test
    void anAccessListAsTextIsCountedAndGivesTheGroupNoMoreThanItsOwnEntry() throws Exception {
        shell("setfacl -m u:65534:rw,g::---,m::rw source/f; setfacl -d -m u:65534:rwx source");
        for (String tar : new String[]{
                "tar --acls --format=posix -C source -cf a.tar .",
                "bsdtar --format pax --no-xattrs -C source -cf a.tar ."}) {
            assertThat(notKept(tar, "./f", "its access control list is not kept").toString()).isEqualTo("{\"acls\":2}");
            Path image = image(put("a.tar"));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(image.resolve("f")))).isEqualTo("rw-------");
        }
    }

    @Test
    void anAccessListAsAnAttributeIsKept() throws Exception {
        shell("setfacl -m u:65534:rw,g::---,m::rw source/f; setfacl -d -m u:65534:rwx source");
        Path first = image(worker.put(entry("k"), "{\"sourceDir\":\"" + folder.resolve("source") + "\"}"));
        Files.copy(
                worker.client.send(
                        HttpRequest.newBuilder(worker.uri(entry("k") + "/archive")).build(),
                        BodyHandlers.ofInputStream()).body(),
                folder.resolve("a.tar"));
        String lists = shell("cd '" + first + "'; getfacl -n . f");
        Answer stored = put("a.tar", "?strict=true");
        assertThat(shell("cd '" + image(stored) + "'; getfacl -n . f")).isEqualTo(lists).contains("user:65534:rw-");
        assertThat(stored.body().has("notKept")).isFalse();
    }

    @Test
    void theMarkOfAnOpaqueDirectoryIsKeptAndOtherTrustedAttributesAreCounted() throws Exception {
        shell("mkdir source/d; setfattr -n trusted.overlay.opaque -v y source/d; setfattr -n trusted.note -v x source/d");
        String tar = "tar --xattrs --xattrs-include='*' --format=posix -C source -cf a.tar .";
        assertThat(notKept(tar, "./d/", "its attribute 'trusted.note' is not kept").toString()).isEqualTo("{\"trusted\":1}");
        assertThat(shell("getfattr --absolute-names -n trusted.overlay.opaque --only-values '" + image(put("a.tar")) + "/d'"))
                .isEqualTo("y");
    }

    @Test
    void anOverlaysAttributeThatDecidesWhatIsSeenIsNeverDropped() throws Exception {
        shell("setfattr -n trusted.overlay.redirect -v /etc source/f; tar --xattrs --xattrs-include='*' -C source -cf a.tar .");
        Answer refused = put("a.tar");
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.type()).endsWith(":tree-refused");
        assertThat(refused.detail()).contains("./f: its attribute 'trusted.overlay.redirect' is not kept");
    }

    @Test
    void otherAttributesAndFlagsAreCounted() throws Exception {
        shell("setfattr -n security.note -v x source/f; chattr +d source/f");
        assertThat(notKept("bsdtar --format pax --fflags -C source -cf a.tar .", "./f", "is not kept").toString())
                .isEqualTo("{\"attributes\":1,\"flags\":1}");
    }

    @Test
    void whatLosesNothingIsTakenWithStrictAndAnsweredAsBefore() throws Exception {
        shell(
                "ln -s f source/l; ln source/f source/h; setfattr -n user.a -v b source/f; tar --xattrs --format=posix -C source -cf a.tar .");
        Answer stored = put("a.tar", "?strict=true");
        assertThat(image(stored).resolve("l")).exists();
        assertThat(stored.body().has("notKept")).isFalse();
        assertThat(worker.put(entry("k") + "?strict=true", "{\"sourceDir\":\"" + folder.resolve("source") + "\"}").detail())
                .contains("strict");
    }

    @Test
    void theSameRequestAgainIsAnsweredWithTheSameLossesAndAStrictOneIsAnother() throws Exception {
        shell("chown 1234 source/f; tar -C source -cf a.tar .");
        Answer stored = put("a.tar", "", "Idempotency-Key", "once");
        image(stored);
        assertThat(stored.body().path("notKept").path("owners").asInt()).isEqualTo(1);
        assertThat(put("a.tar", "", "Idempotency-Key", "once").body()).isEqualTo(stored.body());
        assertThat(put("a.tar", "?strict=true", "Idempotency-Key", "once").type()).endsWith(":idempotency-key-reused");
        String metrics = worker.client.send(HttpRequest.newBuilder(worker.uri("/metrics")).build(), BodyHandlers.ofString()).body();
        assertThat(metrics).contains("spillway_archives_not_kept_total{kind=\"owners\"} 1.0");
    }
}
