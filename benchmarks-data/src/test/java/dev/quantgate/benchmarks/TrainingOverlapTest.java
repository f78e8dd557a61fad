package dev.quantgate.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * No bundled item is in the demo model's training text, told by fingerprints of that text which the
 * recipe leaves ({@code demo-model/overlap.py}, where the normal forms are defined): a Bloom
 * filter, so an item that was trained on is always found.
 */
class TrainingOverlapTest {
  private static final DataOptions NO_FILES = new DataOptions(Optional.empty(), false);
  private static final int HASHES = 8;

  private final byte[] filter = resource("training-fingerprints.bin");

  @Test
  void whatWasTrainedOnIsFound() {
    var sample =
        new String(resource("training-sample.txt"), StandardCharsets.UTF_8).lines().toList();
    assertThat(sample).hasSizeGreaterThanOrEqualTo(100).allMatch(this::trained);
    assertThat(sample).anyMatch(form -> form.startsWith("exam|"));
    assertThat(sample).anyMatch(form -> form.startsWith("pair|"));
    assertThat(sample).anyMatch(form -> form.startsWith("code|"));
  }

  @Test
  void theFilterIsNotSoFullThatItFindsAnything() {
    int set = 0;
    for (byte b : filter) {
      set += Integer.bitCount(b & 0xff);
    }
    assertThat(set / (8.0 * filter.length)).isBetween(0.2, 0.35);
    assertThat(trained("exam|nothing|of|the|kind")).isFalse();
  }

  @Test
  void noBundledItemWasTrainedOn() {
    var forms = new ArrayList<String>();
    ((SuiteData.Code) BenchmarkData.load("starter-code", NO_FILES))
        .problems()
        .forEach(p -> forms.add(form(p)));
    ((SuiteData.Pairs) BenchmarkData.load("starter-nli", NO_FILES))
        .pairs()
        .forEach(p -> forms.add(bare("pair|" + p.first() + "|" + p.second())));
    ((SuiteData.Exam) BenchmarkData.load("starter-exam", NO_FILES))
        .questions()
        .forEach(q -> forms.add(bare("exam|" + q.question() + "|" + q.choices().get(q.answer()))));
    assertThat(forms).hasSizeGreaterThan(400).doesNotHaveDuplicates().noneMatch(this::trained);
  }

  private static final Pattern DOCSTRING = Pattern.compile("\"\"\"([^\\n]*)\\n");

  private static String form(SuiteData.CodeProblem problem) {
    var docstring = DOCSTRING.matcher(problem.prompt());
    assertThat(docstring.find()).as(problem.id()).isTrue();
    return bare(
        "code|"
            + docstring
                .group(1)
                .replaceFirst("^(Return|Compute) ", "")
                .replaceAll("'[a-z]'", "'?'")
                .replaceAll("\\b[0-9]+\\b", "0"));
  }

  private static String bare(String text) {
    return text.replaceAll("\\s", "");
  }

  private boolean trained(String form) {
    var digest = Text.sha256();
    digest.update(form.getBytes(StandardCharsets.UTF_8));
    var words = ByteBuffer.wrap(digest.digest()).asIntBuffer();
    long bits = 8L * filter.length;
    for (int i = 0; i < HASHES; i++) {
      int position = (int) (Integer.toUnsignedLong(words.get(i)) % bits);
      if ((filter[position >> 3] >> (position & 7) & 1) == 0) {
        return false;
      }
    }
    return true;
  }

  private static byte[] resource(String name) {
    try (var in = TrainingOverlapTest.class.getResourceAsStream(name)) {
      assertThat(in).as(name).isNotNull();
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
