package dev.quantgate.base;

import static org.assertj.core.api.Assertions.assertThat;

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
  void whatIsNotThereIsDeletedAlready() throws IOException {
    FolderTree.delete(folder.resolve("none"));

    assertThat(folder).isEmptyDirectory();
  }
}
