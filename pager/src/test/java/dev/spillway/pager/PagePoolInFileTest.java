package dev.spillway.pager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PagePoolInFileTest extends CachePagerContract {
    @TempDir
    Path folder;
    private int files;

    @Override
    protected CachePager create(PagerMeta meta, int pages) throws Exception {
        files++;
        return PagePool.inFile(meta, Metas.size(pages), folder.resolve("pager-" + files));
    }

    @Test
    void theFileIsDescribedByItsHeader() throws Exception {
        PagerMeta meta = Metas.hybrid();
        Path file = folder.resolve("pager");
        try (PagePool pool = PagePool.inFile(meta, Metas.size(10), file)) {
            int page = pool.allocatePages(1).getFirst();
            pool.writePage(page, content(meta, 7));

            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            String descriptor = new String(bytes.array(), (int) bytes.getLong(32), (int) bytes.getLong(40), StandardCharsets.UTF_8);
            long data = bytes.getLong(56);

            assertThat(new String(bytes.array(), 0, 8, StandardCharsets.US_ASCII)).isEqualTo("SPLWYKV1");
            assertThat(bytes.getInt(8)).isEqualTo(1);
            assertThat(bytes.getInt(12)).isEqualTo(4096);
            assertThat(bytes.getLong(16)).isEqualTo(10);
            assertThat(bytes.getLong(24)).isEqualTo(512);
            assertThat(bytes.getLong(88)).isEqualTo(Files.size(file));
            assertThat(HexFormat.of().formatHex(bytes.array(), 96, 128)).isEqualTo(meta.model().value());
            assertThat(HexFormat.of().formatHex(bytes.array(), 128, 160)).isEqualTo(meta.layout().value());
            assertThat(data % (2 << 20)).isZero();
            assertThat(descriptor).contains("\"dtype\":\"F32\",\"shape\":[10,2,2,4,2,4],\"offset\":" + data)
                    .contains("\"name\":\"conv\"")
                    .contains("\"shape\":[8,2,8]");
            assertThat(bytes.slice((int) data + page * 512, 512)).isEqualTo(content(meta, 7));
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void aFileThatExistsIsLeftAlone() throws Exception {
        Path file = Files.writeString(folder.resolve("other"), "mine");

        assertThatExceptionOfType(FileAlreadyExistsException.class).isThrownBy(() -> PagePool.inFile(Metas.small(), Metas.size(4), file));

        assertThat(file).hasContent("mine");
    }
}
