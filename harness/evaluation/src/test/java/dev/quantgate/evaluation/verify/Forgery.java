package dev.quantgate.evaluation.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.comparison.Comparer;
import dev.quantgate.evaluation.comparison.Comparer.Compared;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.ComparisonFolder;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.record.Checksums;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Reseal;
import dev.quantgate.evaluation.record.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A finished comparison in the hands of someone who writes every checksum anew. */
record Forgery(Path out) {
  static final List<String> SIDES = List.of("baseline", "candidate");

  /** All files of the result, by their names in it. */
  List<String> files() throws IOException {
    try (var walked = Files.walk(out)) {
      return walked
          .filter(Files::isRegularFile)
          .map(file -> out.relativize(file).toString())
          .filter(name -> !name.endsWith(".lock"))
          .sorted()
          .toList();
    }
  }

  Map<String, byte[]> contents() throws IOException {
    var contents = new LinkedHashMap<String, byte[]>();
    for (String file : files()) {
      contents.put(file, Files.readAllBytes(out.resolve(file)));
    }
    return contents;
  }

  void restore(Map<String, byte[]> files) throws IOException {
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Path path = out.resolve(file.getKey());
      if (!Arrays.equals(file.getValue(), Files.readAllBytes(path))) {
        Files.write(path, file.getValue());
      }
    }
  }

  /** Changes a file and all checksums that depend on it. */
  void change(String file, UnaryOperator<String> how) throws IOException {
    String before = Files.readString(out.resolve(file));
    String after = how.apply(before);
    assertThat(after).as(file).isNotEqualTo(before);
    Files.writeString(out.resolve(file), after);
    reseal(file);
  }

  /** The same file of both runs. */
  void changeBoth(String file, UnaryOperator<String> how) throws IOException {
    for (String side : SIDES) {
      change("%s/%s".formatted(side, file), how);
    }
  }

  /** Writes the checksums anew after a file was changed. */
  void reseal(String file) throws IOException {
    if (!file.endsWith("schema.json")) {
      Reseal.file(out.resolve(file));
    }
    for (String side : SIDES) {
      if (file.startsWith(side)) {
        String before = Sha256.hex(out.resolve(side).resolve(Checksums.NAME));
        new RunFolder(out.resolve(side)).finish();
        String after = Sha256.hex(out.resolve(side).resolve(Checksums.NAME));
        Path comparison = out.resolve("comparison.json");
        Files.writeString(comparison, Files.readString(comparison).replace(before, after));
        Reseal.file(comparison);
      }
    }
    List<Path> listed = Checksums.read(out).files().keySet().stream().map(out::resolve).toList();
    Checksums.write(out, listed);
  }

  /** Makes comparison and pairs anew from the records as they are now. */
  Comparison judge(GatePolicy policy) {
    FinishedRun baseline = RunFolder.read(out.resolve("baseline"));
    FinishedRun candidate = RunFolder.read(out.resolve("candidate"));
    Compared compared = new Comparer().compare(baseline, candidate, policy);
    return ComparisonFolder.write(
            out,
            ComparisonFolder.placed(out, compared.comparison(), baseline, candidate),
            compared.pairs())
        .comparison();
  }
}
