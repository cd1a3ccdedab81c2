package dev.spillway.worker.filesystem.tree;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class AccessListTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            user::rw-,group::r--,other::r--                                   | 0644 | 0644
            user::rw-,user:lp:rwx:7,group::---,mask::rwx,other::---           | 0670 | 0600
            user::rw-,user:7:---,group::rwx,mask::rwx,other::r--              | 0674 | 0600
            user::rw-,group::rwx,group:staff:---,mask::rwx,other::rwx         | 0677 | 0670
            user::rwx,user:a:rwx,group::rwx,group:b:rwx,mask::r--,other::rwx  | 0747 | 0744
            user::rwx,group::r-x,mask::r-x,other::r-x#effective:r-x           | 6755 | 6755
            user::rw-,group::rw-,mask::rw-,other::rw-                         | 0600 | 0600
            user::rw-,group::r--,others::r--                                  | 0644 | 0600
            user::rw-,group:r--                                               | 0644 | 0600
            nonsense                                                          | 1755 | 1700
            """)
    void nobodyGetsMoreWithoutItThanWithIt(String list, String permissions, String left) {
        assertThat(Integer.toOctalString(AccessList.permissionsWithout(list, Integer.parseInt(permissions, 8))))
                .isEqualTo(Integer.toOctalString(Integer.parseInt(left, 8)));
    }

    @Test
    void oneThatCannotBeReadLeavesTheOwnersRightsAlone() {
        for (byte[] list : new byte[][]{{}, {2, 0, 0}, {3, 0, 0, 0}, {2, 0, 0, 0, 4, 0, 7}}) {
            assertThat(AccessList.permissionsWithout(list, 04755)).isEqualTo(04700);
        }
        assertThat(AccessList.permissionsWithout(new byte[]{2, 0, 0, 0, 4, 0, 7, 0, -1, -1, -1, -1, 64, 0, 7, 0, 0, 0, 0, 0}, 0755))
                .as("with a tag that nobody knows")
                .isEqualTo(0700);
    }
}
