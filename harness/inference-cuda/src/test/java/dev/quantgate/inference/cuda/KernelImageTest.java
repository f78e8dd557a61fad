package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quantgate.base.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The checked-in image against its sources, and against what nvcc said when it was built. */
class KernelImageTest {
  private static final Path SOURCES = Path.of("src/main/cuda");
  private static final Path USE = Path.of("dev/kernels-use.tsv");
  private static final Path TABLE =
      Path.of("src/main/resources/dev/quantgate/inference/cuda/kernels.tsv");
  private static final Set<String> TARGETS = Set.of("sm_80", "sm_86", "sm_89", "sm_90a", "sm_100");

  /** Columns of the table of use. */
  private record Use(String kernel, String target, int registers, int stack, int spilled) {}

  private static List<Use> uses() throws IOException {
    try (Stream<String> lines = Files.lines(USE)) {
      return lines
          .filter(line -> !line.startsWith("#") && !line.startsWith("kernel\t"))
          .map(line -> line.split("\t", -1))
          .map(cells ->
              new Use(
                  cells[0],
                  cells[1],
                  Integer.parseInt(cells[2]),
                  Integer.parseInt(cells[3]),
                  Integer.parseInt(cells[4])))
          .toList();
    }
  }

  @Test
  void theImageIsOfTheSourcesAsTheyAre() throws IOException {
    var all = new ByteArrayOutputStream();
    try (Stream<Path> files = Files.list(SOURCES)) {
      List<Path> sorted =
          files
              .filter(file -> file.toString().endsWith(".cu") || file.toString().endsWith(".h"))
              // As build-kernels takes them: all .cu files by name, then all .h files.
              .sorted(
                  java.util.Comparator.comparing((Path file) -> file.toString().endsWith(".h"))
                      .thenComparing(file -> file.getFileName().toString()))
              .toList();
      assertThat(sorted).hasSizeGreaterThan(5);
      for (Path file : sorted) {
        all.write(Files.readAllBytes(file));
      }
    }
    assertThat(Files.readAllLines(USE).getFirst())
        .as("built with dev/build-kernels since a source was changed")
        .contains(Sha256.hex(all.toByteArray()));
  }

  @Test
  void everyKernelIsThereForEveryTargetAndNoneSpills() throws IOException {
    List<Use> uses = uses();
    Set<String> kernels;
    try (Stream<String> lines = Files.lines(TABLE)) {
      kernels =
          lines.map(line -> line.split("\t", -1)[0]).collect(Collectors.toCollection(TreeSet::new));
    }
    assertThat(kernels).hasSizeGreaterThan(60);
    for (String target : TARGETS) {
      assertThat(uses.stream().filter(use -> use.target().equals(target)).map(Use::kernel))
          .as(target)
          .containsExactlyInAnyOrderElementsOf(kernels);
    }
    assertThat(uses).allMatch(use -> use.registers() <= 255, "has registers");
    assertThat(uses.stream().filter(use -> use.spilled() > 0 || use.stack() > 0))
        .as("kernels that keep registers in memory")
        .isEmpty();
  }

  @Test
  void aBlockOfEveryKernelHasTheRegistersThatAMultiprocessorHas() throws IOException {
    Map<String, Integer> threads;
    try (Stream<String> lines = Files.lines(TABLE)) {
      threads =
          lines
              .map(line -> line.split("\t", -1))
              .collect(Collectors.toMap(cells -> cells[0], cells -> Integer.parseInt(cells[1])));
    }
    assertThat(uses())
        .allSatisfy(use -> {
          // Given to warps by eights.
          int registers = Math.ceilDiv(use.registers(), 8) * 8;
          assertThat(registers * Objects.requireNonNull(threads.get(use.kernel())))
              .as("%s for %s", use.kernel(), use.target())
              .isLessThanOrEqualTo(65_536);
        });
  }

  /** Five minutes on two cores: {@code -Dquantgate.cuda.rebuild=true}. */
  @Test
  void nvccMakesTheSameKernelsOfTheSourcesAgain() throws Exception {
    assumeTrue(
        Boolean.getBoolean("quantgate.cuda.rebuild"),
        "quantgate.cuda.rebuild is not set: the image is not built again");
    Path log = Path.of("target/build-kernels.log");
    Files.createDirectories(log.getParent());
    Process build =
        new ProcessBuilder(Path.of("dev/build-kernels").toAbsolutePath().toString(), "--check")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(build.waitFor(30, TimeUnit.MINUTES)).isTrue();
    assertThat(build.exitValue()).as("%s", Files.readString(log)).isZero();
  }
}
