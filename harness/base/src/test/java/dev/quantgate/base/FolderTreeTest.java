package dev.quantgate.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderTreeTest {
  @TempDir Path folder;

  @Test
  void aFolderGoesWithAllThatItHoldsAndLinksAreNotFollowed() throws IOException {
    Path kept = Files.writeString(folder.resolve("kept"), "text");
    Path tree = folder.resolve("tree");
    Files.createDirectories(tree.resolve("inner"));
    Files.writeString(tree.resolve("inner/file"), "text");
    Files.createSymbolicLink(tree.resolve("link"), kept);
    Files.createSymbolicLink(tree.resolve("nowhere"), folder.resolve("none"));

    FolderTree.delete(tree);

    assertThat(folder).isDirectoryNotContaining("glob:**/tree");
    assertThat(kept).hasContent("text");
  }

  @Test
  void aLinkBelowAFolderIsRefusedAndOneAboveItIsNot() throws IOException {
    Path real = Files.createDirectories(folder.resolve("real/report"));
    Path top = Files.createSymbolicLink(folder.resolve("top"), folder.resolve("real"));
    FolderTree.requireNoLink(top, top.resolve("report/new/page.html"));
    FolderTree.requireNoLink(top, top);
    FolderTree.requireNoLinkIn(folder.resolve("real"));
    FolderTree.requireNoLinkIn(folder.resolve("none"));

    Path link = Files.createSymbolicLink(real.resolve("inner"), folder);
    String refusal =
        "%s is a symbolic link; nothing is written through it, remove it".formatted(link);
    assertThatThrownBy(
            () -> FolderTree.requireNoLink(folder.resolve("real"), link.resolve("deep/page.html")))
        .isInstanceOf(FileException.class)
        .hasMessage(refusal);
    assertThatThrownBy(() -> FolderTree.requireNoLinkIn(folder.resolve("real")))
        .hasMessage(refusal);
    assertThatThrownBy(() -> FolderTree.requireNoLinkIn(top))
        .hasMessageStartingWith("%s is a symbolic link".formatted(top));
  }

  @Test
  void whatIsNotThereIsDeletedAlready() throws IOException {
    FolderTree.delete(folder.resolve("none"));

    assertThat(folder).isEmptyDirectory();
  }
}
