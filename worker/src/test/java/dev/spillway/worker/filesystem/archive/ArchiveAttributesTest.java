package dev.spillway.worker.filesystem.archive;

import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StageOutcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Extended attributes travel byte for byte between this store, GNU tar and bsdtar. */
class ArchiveAttributesTest {
    private ArchiveStore store;
    private Path source;

    @BeforeEach
    void open() throws Exception {
        Machine.assumeCommand("setfattr");
        store = new ArchiveStore();
        source = store.newDirectory("source");
        store.shell("""
                mkdir source/d; echo content > source/f
                for at in source/d source/f; do
                    setfattr -n user.bin -v 0xff00fe0a3d $at
                    setfattr -n user.empty $at
                    setfattr -n user.lines -v "a
                = b
                " $at
                    setfattr -n user.grün -v grün $at
                    setfattr -n "$(printf 'user.\\377\\351')" -v 0x00 $at
                    setfattr -n 'user.with space' -v ' ' $at
                done
                """);
    }

    @AfterEach
    void remove() throws Exception {
        if (store != null) {
            store.remove();
        }
    }

    private void addNamesThatAreEscaped() throws Exception {
        store.shell("""
                for at in source/d source/f; do
                    setfattr -n user.a=b -v equals $at
                    setfattr -n user.50% -v percent $at
                    setfattr -n user.%3D%C3%BC -v escape $at
                done
                """);
    }

    /** Names, in octal where they are not plain, with values in hexadecimal. */
    private static String attributes(Path tree) throws Exception {
        String shown = Machine.run("sh", "-c", "cd '%s' && getfattr -d -m - -e hex d f | LC_ALL=C sort".formatted(tree));
        assertThat(shown).contains("user.bin=0xff00fe0a3d");
        return shown;
    }

    private Path fromGnuTar() throws Exception {
        store.shell("tar --xattrs --format=posix -C source -cf gnu.tar .");
        return store.unpacked(store.bytes("gnu.tar"));
    }

    private Path byGnuTar(byte[] archive) throws Exception {
        Files.write(store.folder().resolve("ours.tar"), archive);
        store.shell("mkdir by-gnu; tar --xattrs -xpf ours.tar -C by-gnu");
        return store.folder().resolve("by-gnu");
    }

    private Path fromBsdtar() throws Exception {
        Machine.assumeCommand("bsdtar");
        store.shell("bsdtar --format pax -C source -cf bsd.tar .");
        return store.unpacked(store.bytes("bsd.tar"));
    }

    private Path byBsdtar(byte[] archive) throws Exception {
        Machine.assumeCommand("bsdtar");
        Files.write(store.folder().resolve("ours.tar"), archive);
        store.shell("mkdir by-bsd; bsdtar -xpf ours.tar -C by-bsd");
        return store.folder().resolve("by-bsd");
    }

    @Test
    void whatGnuTarWritesIsReadByteForByte() throws Exception {
        addNamesThatAreEscaped();
        assertThat(attributes(fromGnuTar())).isEqualTo(attributes(source));
    }

    @Test
    void whatBsdtarWritesIsReadByteForByte() throws Exception {
        addNamesThatAreEscaped();
        assertThat(attributes(fromBsdtar())).isEqualTo(attributes(source));
    }

    @Test
    void whatThisStoreWritesIsReadByGnuTarByBsdtarAndByItself() throws Exception {
        byte[] archive = store.archiveOf(source);
        assertThat(attributes(store.unpacked(archive))).isEqualTo(attributes(source));
        assertThat(attributes(byGnuTar(archive))).isEqualTo(attributes(source));
        assertThat(attributes(byBsdtar(archive))).isEqualTo(attributes(source));
    }

    @Test
    void escapedNamesComeBackFromGnuTarAndFromThisStoreAndBsdtarHasThemToo() throws Exception {
        addNamesThatAreEscaped();
        byte[] archive = store.archiveOf(source);
        assertThat(attributes(store.unpacked(archive))).isEqualTo(attributes(source));
        assertThat(attributes(byGnuTar(archive))).isEqualTo(attributes(source));
        assertThat(attributes(byBsdtar(archive)).lines()).containsAll(attributes(source).lines().toList());
    }

    private static byte[] tar(String... records) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            TarArchiveEntry header = new TarArchiveEntry("pax", TarConstants.LF_PAX_EXTENDED_HEADER_LC);
            StringBuilder all = new StringBuilder();
            for (String record : records) {
                int length = record.length() + 4;
                all.append(length + (length > 99 ? 1 : 0)).append(' ').append(record).append('\n');
            }
            byte[] content = all.toString().getBytes(StandardCharsets.ISO_8859_1);
            header.setSize(content.length);
            tar.putArchiveEntry(header);
            tar.write(content);
            tar.closeArchiveEntry();
            tar.putArchiveEntry(new TarArchiveEntry("f"));
            tar.closeArchiveEntry();
        }
        return bytes.toByteArray();
    }

    private void assertRefused(byte[] archive, String detail) throws Exception {
        StageOutcome.Refused refused = store.refused(archive);
        assertThat(refused.reason()).isEqualTo(RefusalReason.BAD_ATTRIBUTE);
        assertThat(refused.path()).isEqualTo("f");
        assertThat(refused.detail()).contains(detail);
    }

    @Test
    void anAttributeThatCannotBeToldIsRefusedWithItsName() throws Exception {
        assertRefused(tar("SCHILY.xattr.user.one=ab", "LIBARCHIVE.xattr.user.one=YWM"), "attribute 'user.one' has two values");
        assertRefused(tar("SCHILY.xattr.user.%C3%BC=x"), "attribute 'user.%C3%BC' may be percent-encoded or not");
        assertRefused(tar("LIBARCHIVE.xattr.user.one=a?b"), "attribute 'user.one' has a value that is not base 64");
        assertRefused(tar("LIBARCHIVE.xattr.user.%zz=YWM"), "attribute 'user.%zz'");
        assertRefused(tar("SCHILY.xattr.user.=x"), "attribute 'user.'");
        assertRefused(tar("SCHILY.xattr.user." + "n".repeat(251) + "=x"), "attribute 'user.nnn");
        assertRefused(tar("SCHILY.xattr.user.a\0b=x"), "a NUL in it");
        assertThat(store.unpacked(tar("SCHILY.xattr.user.one=ab", "LIBARCHIVE.xattr.user.one=YWI="))).exists();
    }
}
