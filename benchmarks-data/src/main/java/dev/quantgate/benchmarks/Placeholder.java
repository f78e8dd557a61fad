package dev.quantgate.benchmarks;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/** What comes in place of a file when an address is wrong or a clone is incomplete. */
enum Placeholder {
  HTML("a web page (HTML)"),
  GIT_LFS_POINTER("a Git LFS pointer, which names the file and is not the file itself");

  /** How many leading bytes {@link #of} wants to see. */
  static final int SNIFFED = 512;

  private final String description;

  Placeholder(String description) {
    this.description = description;
  }

  String description() {
    return description;
  }

  /** Which of them the first {@code length} bytes of {@code start} begin, if any. */
  static Optional<Placeholder> of(byte[] start, int length) {
    String text =
        new String(start, 0, Math.min(length, SNIFFED), StandardCharsets.ISO_8859_1)
            .strip()
            .toLowerCase(Locale.ROOT);
    if (text.startsWith("version https://git-lfs.github.com/spec/")) {
      return Optional.of(GIT_LFS_POINTER);
    }
    if (text.startsWith("<!doctype html") || text.startsWith("<html") || text.startsWith("<head")) {
      return Optional.of(HTML);
    }
    return Optional.empty();
  }
}
