package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quantgate.benchmarks.DemoPair;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands on a device: the stand-in for the driver, whose kernels the host computes. */
class CudaCommandsTest {
  private static final String LIBRARY = "quantgate.cuda.library";
  private static final Path BUILD = Path.of("../inference-cuda/src/test/native/build");
  private static final Path NATIVE = Path.of("../inference-cuda/target/native");
  private static final int MOST_MINUTES = 5;

  @TempDir static Path folder;
  private static Path fp16;
  private static Path int4;

  private record Ended(int exitCode, String out, String err) {}

  @BeforeAll
  static void useTheStandIn() throws IOException, InterruptedException {
    try {
      assumeTrue(
          new ProcessBuilder("g++", "--version").redirectErrorStream(true).start().waitFor() == 0,
          "g++ does not start: the CUDA kernels are not run on the host");
    } catch (IOException e) {
      assumeTrue(false, "no g++: the CUDA kernels are not run on the host");
    }
    Files.createDirectories(NATIVE);
    Path log = NATIVE.resolve("build-for-cli.log");
    Process build =
        new ProcessBuilder(BUILD.toString(), NATIVE.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(build.waitFor(MOST_MINUTES, TimeUnit.MINUTES)).as("built in time").isTrue();
    assertThat(build.exitValue()).as("see %s", log).isZero();
    System.setProperty(LIBRARY, NATIVE.resolve("libcuda.so.1").toRealPath().toString());
    fp16 = DemoPair.unpack(folder.resolve("demo")).fp16();
    int4 = folder.resolve("rounded");
    Ended rounded =
        quantgate(
            "quantize",
            "--quiet",
            "--method=rtn",
            "--group-size=64",
            "--model=" + fp16,
            "--out=" + int4);
    assertThat(rounded.err()).isEmpty();
  }

  @AfterAll
  static void forgetIt() {
    System.clearProperty(LIBRARY);
  }

  private static Ended quantgate(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    CommandLine command = Program.commandLine();
    command.setOut(new PrintWriter(out));
    command.setErr(new PrintWriter(err));
    int exitCode = Program.execute(command, arguments);
    return new Ended(exitCode, out.toString(), err.toString());
  }

  private Ended run(String engine) {
    return quantgate(
        "run",
        "--quiet",
        "--engine=" + engine,
        "--baseline=" + fp16,
        "--candidate=" + int4,
        "--suites=starter-nli,starter-exam",
        "--limit=2",
        "--out=" + folder.resolve("run-" + engine));
  }

  private static List<String> verdicts(String out) {
    return out.lines()
        .filter(line -> line.matches(".*(PASS|FAIL|INCONCLUSIVE|INVALID).*"))
        .map(line -> line.replaceAll(".*(PASS|FAIL|INCONCLUSIVE|INVALID).*", "$1"))
        .toList();
  }

  @Test
  void theDemoPairIsJudgedOnADeviceAsOnTheCpu() throws IOException {
    Ended cpu = run("cpu");
    Ended cuda = run("cuda");
    assertThat(cuda.err()).isEmpty();
    assertThat(verdicts(cuda.out())).isNotEmpty().isEqualTo(verdicts(cpu.out()));
    assertThat(cuda.exitCode()).isEqualTo(cpu.exitCode());
    assertThat(folder.resolve("run-cuda/baseline/identity.json")).content().contains("\"cuda/");
    for (String side : List.of("baseline", "candidate")) {
      for (String suite : List.of("starter-nli", "starter-exam")) {
        String records = "%s/%s.jsonl".formatted(side, suite);
        assertThat(answers(folder.resolve("run-cuda").resolve(records)))
            .as(records)
            .hasSize(2)
            .isEqualTo(answers(folder.resolve("run-cpu").resolve(records)));
      }
    }
  }

  private static List<String> answers(Path records) throws IOException {
    var mapper = new tools.jackson.databind.json.JsonMapper();
    return Files.readAllLines(records).stream()
        .map(mapper::readTree)
        .map(record -> record.get("id") + " " + record.get("answer"))
        .toList();
  }

  @Test
  void evalTakesADeviceThatTheMachineHasByItsNumberAndNoOther() {
    Ended first =
        quantgate(
            "eval",
            "--quiet",
            "--engine=cuda",
            "--device=0",
            "--gpu-memory=1G",
            "--model=" + int4,
            "--suites=starter-nli",
            "--limit=1",
            "--out=" + folder.resolve("eval"));
    assertThat(first.err()).isEmpty();
    assertThat(first.exitCode()).isZero();
    Ended second =
        quantgate(
            "eval",
            "--quiet",
            "--engine=cuda",
            "--device=7",
            "--model=" + int4,
            "--suites=starter-nli",
            "--limit=2",
            "--out=" + folder.resolve("eval-7"));
    assertThat(second.exitCode()).isEqualTo(2);
    assertThat(second.err().lines()).hasSize(1);
    assertThat(second.err()).contains("there is no CUDA device 7; visible are 0 to 0");
  }

  @Test
  void aModelThatDoesNotFitIsRefusedSayingWhatWouldDo() {
    Ended ended =
        quantgate(
            "eval",
            "--quiet",
            "--engine=cuda",
            "--gpu-memory=2M",
            "--model=" + fp16,
            "--suites=starter-nli",
            "--limit=2",
            "--out=" + folder.resolve("eval-tight"));
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err())
        .contains("MiB")
        .contains("the limit is 2 MiB; give more with --gpu-memory");
  }

  @Test
  void aModelIsQuantisedAndMeasuredOnADevice() throws IOException {
    Path text =
        Files.writeString(
            folder.resolve("text.txt"),
            IntStream.range(0, 400)
                .mapToObj(i -> "The %d cats sat on %d mats.".formatted(i % 7, i % 5))
                .collect(Collectors.joining(" ")));
    Path made = folder.resolve("int4");
    Ended quantised =
        quantgate(
            "quantize",
            "--quiet",
            "--engine=cuda",
            "--model=" + fp16,
            "--out=" + made,
            "--calibration=" + text,
            "--sequences=2",
            "--length=32",
            "--group-size=64");
    assertThat(quantised.err()).isEmpty();
    assertThat(quantised.exitCode()).isZero();
    assertThat(made.resolve("config.json")).exists();
    var quality = new ArrayList<String>(List.of("quality", "--quiet", "--text=" + text));
    quality.addAll(List.of("--window=32", "--windows=2"));
    String[] folders = {fp16.toString(), made.toString()};
    Ended cuda = quantgate(with(quality, "--engine=cuda", folders));
    Ended cpu = quantgate(with(quality, "--engine=cpu", folders));
    assertThat(cuda.err()).isEmpty();
    assertThat(cuda.exitCode()).isZero();
    // The same numbers but for 16-bit activations: the table's shape and its counts are equal.
    assertThat(words(cuda.out())).isEqualTo(words(cpu.out()));
  }

  private static String[] with(List<String> arguments, String engine, String... more) {
    return Stream.of(arguments.stream(), Stream.of(engine), Stream.of(more))
        .flatMap(each -> each)
        .toArray(String[]::new);
  }

  private static String words(String table) {
    String figures = table.substring(0, table.indexOf("worst tokens"));
    return figures.replaceAll("[-0-9.]+", "#").replaceAll("[ #]+", " ");
  }

  @Test
  void benchMeasuresACheckpointAndAShapeOnADevice() {
    String[] small = {"--gpu-memory=64M", "--prompt=16", "--generate=4", "--batch=1,2"};
    Ended model =
        quantgate(with(List.of("bench", "--rounds=1", "--model=" + int4), "--engine=cuda", small));
    assertThat(model.err()).isEmpty();
    assertThat(model.out()).contains("prefill", "decode, batch 2", "of read bandwidth");
    Ended shape =
        quantgate(with(List.of("bench", "--rounds=1", "--shape=" + fp16), "--engine=cuda", small));
    assertThat(shape.err()).isEmpty();
    assertThat(shape.exitCode()).isZero();
    assertThat(shape.out())
        .contains("int4 g64", "fp16", "ratio", "weights", "memory in all")
        .contains("prefill of 16", "16/4", "batch 1 at 16", "batch 2 at 16", "read stream")
        .contains("texts of ", "humaneval/base", "ceval/official-5shot", "cmnli/ppl-fdc6de")
        .contains("Stand-in Device")
        .containsPattern("note: there is no libcublasLt\\.so\\.13 .*to compare with|by cuBLASLt");
    Ended unknown = quantgate("bench", "--engine=cuda", "--shape=llama-8b");
    assertThat(unknown.exitCode()).isEqualTo(2);
    assertThat(unknown.err())
        .contains("unknown shape \"llama-8b\"; known: codellama-34b, llama-7b, qwen2.5-7b");
  }

  @Test
  void doctorNamesTheDeviceItsMemoryAndWhatFits() {
    String out = quantgate("doctor").out();
    assertThat(out).contains("ok  Engine cuda ");
    assertThat(onOneLine(out))
        .contains("serving CUDA 13.0")
        .contains("device 0: Stand-in Device, compute capability 9.0")
        .contains("GB free: fits weights of about");
  }

  /** A text on one line: where its lines end depends on the length of the driver's path. */
  private static String onOneLine(String text) {
    return text.replaceAll("\\s+", " ");
  }

  @Test
  void withoutADriverCudaIsRefusedBeforeAnythingIsReadAndAutoSaysWhatItPassesOver() {
    String before = System.getProperty(LIBRARY);
    System.setProperty(LIBRARY, "libnone.so.1");
    try {
      for (String command : List.of("run", "eval", "quantize", "quality", "bench")) {
        Ended ended = quantgate(with(List.of(command), "--engine=cuda", nowhere(command)));
        assertThat(ended.exitCode()).as(command).isEqualTo(2);
        assertThat(ended.err().lines()).as(command).hasSize(1);
        assertThat(ended.err())
            .contains("engine cuda cannot run here: there is no libnone.so.1: no NVIDIA driver");
      }
      Ended auto = quantgate(with(List.of("eval"), "--engine=auto", nowhere("eval")));
      assertThat(auto.err())
          .contains("note: engine cuda cannot run here: there is no libnone.so.1");
    } finally {
      System.setProperty(LIBRARY, before);
    }
  }

  /** Arguments that name what is not there. */
  private static String[] nowhere(String command) {
    String none = folder.resolve("none").toString();
    return switch (command) {
      case "run" ->
          new String[] {
            "--baseline=" + none, "--candidate=" + none, "--suites=starter-nli", "--out=" + none
          };
      case "eval" -> new String[] {"--model=" + none, "--suites=starter-nli", "--out=" + none};
      case "quantize" -> new String[] {"--model=" + none, "--out=" + none, "--calibration=" + none};
      case "quality" -> new String[] {"--text=" + none, none, none};
      default -> new String[] {"--model=" + none};
    };
  }
}
