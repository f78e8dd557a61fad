package dev.quantgate.cli;

import dev.quantgate.base.FolderTree;
import dev.quantgate.inference.fixture.SentencePieceWriter;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Every kind of file that the program reads, sound, with the command that reads it, to be damaged
 * one file at a time by a {@link Mangler}. A command must end in time, with an exit code of its own
 * and one or two lines; and where checksums cover a file, its damage must be told.
 */
final class MangledInputs {
  private static final int SECONDS = 120;
  private static final int NO_END = -1;
  private static final String SUITE =
      """
      name: tiny
      data: tiny.jsonl
      stratum: subject
      metric: choice
      template: "{{question}}\\n"
      choices: [" A", " B"]
      answer: answer
      few-shot: {data: tiny-dev.jsonl, count: 1}
      """;
  private static final String ROWS =
      """
      {"question": "is it so?", "subject": "a", "answer": 1}
      {"question": "\u771f\u7684?", "subject": "b", "answer": "A", "extra": [1, {"b": null}]}
      """;
  private static final String WRITTEN =
      """
      name: written
      data: tiny.jsonl
      metric: exact-match
      template: "{{question}}"
      answer: answer
      pattern: "([AB01])"
      stop: ["\\n\\n"]
      max-new-tokens: 3
      """;

  /** What a command must do with a file that was changed. */
  private enum Must {
    /** End well; what the file says cannot be known to be wrong. */
    END,
    /** Tell it, with exit code 2. */
    TELL,
    /** Tell it, or come to the records that there would have been. */
    TELL_OR_MEND
  }

  /**
   * One kind.
   *
   * @param files that are damaged, in the folder
   * @param command what reads the folder
   */
  private record Kind(
      String name,
      Path folder,
      List<String> files,
      Must must,
      Function<Path, List<String>> command) {
    /** Whether the folder is the command's own result. */
    boolean continues() {
      return name.endsWith("continued");
    }
  }

  /** What is wrong with an end, empty where nothing is. */
  record Ended(String what, boolean refused, Optional<String> wrong) {}

  private final Path work;
  private final List<Kind> kinds = new ArrayList<>();
  private final Map<Path, Map<String, byte[]>> contents = new TreeMap<>();

  /**
   * Writes the sound folders.
   *
   * @param chats whether chat templates are among them, whose renderer takes seconds to start
   */
  MangledInputs(Path work, boolean chats) throws IOException {
    this.work = work;
    Path suite = Files.createDirectory(work.resolve("suite"));
    Files.writeString(suite.resolve("tiny.yaml"), SUITE);
    Files.writeString(
        suite.resolve("chat.yaml"), SUITE.replace("few-shot", "chat: true\nfew-shot"));
    Files.writeString(suite.resolve("written.yaml"), WRITTEN);
    Files.writeString(suite.resolve("tiny.jsonl"), ROWS);
    Files.writeString(suite.resolve("tiny-dev.jsonl"), ROWS);
    checkpoints(suite);
    if (chats) {
      chatTemplate(suite);
    }
    suites(suite);
    data();
    recordings();
    settings();
    results(suite);
    for (Kind kind : kinds) {
      contents.put(kind.folder(), read(kind.folder()));
    }
  }

  private void checkpoints(Path suite) throws IOException {
    for (Format format :
        List.of(
            Format.F16,
            Format.F16_SHARDED,
            Format.F16_BIN,
            Format.GPTQ_SYMMETRIC,
            Format.GPTQ_ASYMMETRIC_V2,
            Format.GPTQ_WHOLE_COLUMN_BIN)) {
      Path folder = TinyCheckpoint.write(work.resolve(format.name()), 1, format);
      Files.writeString(
          folder.resolve("generation_config.json"),
          "{\"eos_token_id\": [276, 278], \"max_length\": 20, \"do_sample\": false}");
      add(
          "checkpoint %s".formatted(format),
          folder,
          Must.END,
          eval(suite.resolve("tiny.yaml"), suite.resolve("written.yaml")));
    }
    Path pieces = TinyCheckpoint.write(work.resolve("pieces"), 1, Format.F16);
    Files.delete(pieces.resolve("tokenizer.json"));
    Files.writeString(pieces.resolve("tokenizer_config.json"), "{\"add_bos_token\": true}");
    Files.write(
        pieces.resolve("tokenizer.model"),
        SentencePieceWriter.model(
            SentencePieceWriter.specialsAndBytes(), SentencePieceWriter.BPE, false, new byte[0]));
    kinds.add(
        new Kind(
            "tokenizer.model",
            pieces,
            List.of("tokenizer.model"),
            Must.END,
            eval(suite.resolve("tiny.yaml"))));
  }

  private void chatTemplate(Path suite) {
    kinds.add(
        new Kind(
            "chat template",
            work.resolve(Format.F16.name()),
            List.of("tokenizer_config.json"),
            Must.END,
            eval(suite.resolve("chat.yaml"))));
  }

  private void suites(Path suite) throws IOException {
    Path answers =
        Files.writeString(
            work.resolve("tiny-answers.jsonl"),
            "{\"id\": \"0\", \"answer\": \"A\"}\n{\"id\": \"1\", \"answer\": \"B\"}\n");
    for (String name : List.of("tiny", "written")) {
      kinds.add(
          new Kind(
              "suite %s.yaml".formatted(name),
              suite,
              List.of(name + ".yaml", "tiny.jsonl", "tiny-dev.jsonl"),
              Must.END,
              folder ->
                  List.of(
                      "eval",
                      "--model",
                      "replay:%s".formatted(answers),
                      "--suites",
                      folder.resolve("%s.yaml".formatted(name)).toString())));
    }
  }

  private void data() throws IOException {
    Path code = Files.createDirectories(work.resolve("code/humaneval"));
    Files.writeString(
        code.resolve("HumanEval.jsonl"),
        IntStream.range(0, 4)
            .mapToObj(i ->
                "{\"task_id\": \"HumanEval/%d\", \"prompt\": \"def f(x):\\n\", \"entry_point\": \"f\", \"canonical_solution\": \"    return x\\n\", \"test\": \"def check(candidate):\\n    assert candidate(1) == 1\\n\"}\n"
                    .formatted(i))
            .collect(Collectors.joining()));
    add("data of HumanEval", work.resolve("code"), Must.END, planned("humaneval"));
    Path pairs = Files.createDirectories(work.resolve("pairs-data/cmnli"));
    Files.writeString(
        pairs.resolve("dev.json"),
        "{\"sentence1\": \"\u4eca\u5929\", \"sentence2\": \"b\", \"label\": \"neutral\"}\n"
                .repeat(4)
            + "{\"sentence1\": \"c\", \"sentence2\": \"d\", \"label\": \"-\"}\n");
    add("data of CMNLI", work.resolve("pairs-data"), Must.END, planned("cmnli"));
    Path exam = work.resolve("exam/ceval/ceval-exam");
    for (String split : List.of("dev", "val")) {
      String explained = split.equals("dev") ? ",explanation" : "";
      for (String subject : List.of("computer_network", "operating_system")) {
        Path file = exam.resolve("%s/%s_%s.csv".formatted(split, subject, split));
        Files.createDirectories(file.getParent());
        Files.writeString(
            file,
            "id,question,A,B,C,D,answer%s\n".formatted(explained)
                + IntStream.range(0, 5)
                    .mapToObj(i ->
                        "%d,\"\u95ee, %d\",a,b,\"c\nd\",d,%s%s\n"
                            .formatted(i, i, "ABCD".charAt(i % 4), explained.isEmpty() ? "" : ",e"))
                    .collect(Collectors.joining()));
      }
    }
    add("data of C-Eval", work.resolve("exam"), Must.END, planned("ceval"));
  }

  private void recordings() throws IOException {
    Path folder = Files.createDirectory(work.resolve("recordings"));
    CommandLineTest.recording(folder.resolve("starter-nli.jsonl"), 3);
    add(
        "replay folder",
        folder,
        Must.END,
        each -> List.of("eval", "--model", "replay:%s".formatted(each), "--suites", "starter-nli"));
  }

  private void settings() throws IOException {
    Path folder = Files.createDirectory(work.resolve("settings"));
    Files.writeString(
        folder.resolve("quantgate.yaml"),
        """
        baseline: models/fp16
        candidate: models/int4
        suites: [starter-nli, starter-exam]
        margin: 1.0
        limit: 20
        margins:
          starter-nli: {margin: 2, reason: "few items"}
          starter-exam: {margin: 1, kind: relative}
        on-inconclusive: report
        memory: 12G
        """);
    add(
        "quantgate.yaml",
        folder,
        Must.END,
        each -> List.of("run", "--dry-run", "--config", each.resolve("quantgate.yaml").toString()));
  }

  /** A finished run, its parts, and one that was killed behind its first answers. */
  private void results(Path suite) throws IOException {
    Path whole = work.resolve("result");
    List<String> run =
        List.of(
            "run",
            "--baseline",
            work.resolve(Format.F16.name()).toString(),
            "--candidate",
            work.resolve(Format.GPTQ_SYMMETRIC.name()).toString(),
            "--suites",
            suite.resolve("tiny.yaml") + "," + suite.resolve("written.yaml"));
    Called made = call(run, Optional.of(whole));
    if (made.refused()) {
      throw new AssertionError(made.text());
    }
    FolderTree.delete(whole.resolve("report"));
    Files.deleteIfExists(whole.resolve(".lock"));
    String suites = run.getLast();
    add(
        "a finished run, verified",
        whole,
        Must.TELL,
        each -> List.of("verify", each.toString(), "--suites", suites));
    add("a finished run, shown", whole, Must.END, each -> List.of("show", each.toString()));
    add(
        "a finished run, compared again",
        whole,
        Must.TELL_OR_MEND,
        each ->
            List.of(
                "compare",
                each.resolve("baseline").toString(),
                each.resolve("candidate").toString()));
    add(
        "a finished run, rendered again",
        whole,
        Must.END,
        each -> List.of("report", each.toString(), "--format", "markdown,junit"));
    add(
        "a finished run, replayed",
        whole.resolve("candidate"),
        Must.END,
        each ->
            List.of(
                "eval",
                "--model",
                "replay:%s".formatted(each),
                "--suites",
                suite.resolve("tiny.yaml").toString()));

    Path killed = Files.createDirectory(work.resolve("killed"));
    restore(killed, read(whole));
    for (String gone :
        List.of(
            "comparison.json", "checksums.json", "pairs", "candidate", "baseline/checksums.json")) {
      FolderTree.delete(killed.resolve(gone));
    }
    kinds.add(
        new Kind(
            "a killed run, continued",
            killed,
            read(killed).keySet().stream().filter(name -> name.startsWith("baseline/")).toList(),
            Must.TELL_OR_MEND,
            each -> run));
  }

  private static Function<Path, List<String>> eval(Path... suites) {
    String names = Stream.of(suites).map(Path::toString).collect(Collectors.joining(","));
    return folder -> List.of("eval", "--model", folder.toString(), "--suites", names);
  }

  private static Function<Path, List<String>> planned(String suite) {
    return folder ->
        List.of(
            "eval",
            "--dry-run",
            "--model",
            "replay:none",
            "--accept-data",
            "--data",
            folder.toString(),
            "--suites",
            suite);
  }

  private void add(String name, Path folder, Must must, Function<Path, List<String>> command)
      throws IOException {
    kinds.add(new Kind(name, folder, List.copyOf(read(folder).keySet()), must, command));
  }

  private Map<String, byte[]> sound(Path folder) {
    return Objects.requireNonNull(contents.get(folder));
  }

  /** Runs every command on its sound folder; what is refused, which nothing may be. */
  List<String> refusedThoughSound() throws IOException {
    List<String> refused = new ArrayList<>();
    for (Kind kind : kinds) {
      Path copy = work.resolve("copy");
      Path out = work.resolve("out");
      FolderTree.delete(copy);
      FolderTree.delete(out);
      restore(copy, sound(kind.folder()));
      Called called = call(kind.command().apply(copy), into(kind, copy, out));
      if (called.refused() || called.foreign().isPresent()) {
        refused.add("%s: %s".formatted(kind.name(), called.text()));
      }
    }
    return refused;
  }

  private static Optional<Path> into(Kind kind, Path copy, Path out) {
    if (kind.continues()) {
      return Optional.of(copy);
    }
    String command = kind.command().apply(copy).getFirst();
    return List.of("eval", "run", "compare", "report").contains(command)
        ? Optional.of(out)
        : Optional.empty();
  }

  /** Damages a copy as the seed says and runs the command on it. */
  Ended damage(long seed) throws IOException {
    var random = new SplittableRandom(seed);
    Kind kind = kinds.get(random.nextInt(kinds.size()));
    String file = kind.files().get(random.nextInt(kind.files().size()));
    Map<String, byte[]> sound = sound(kind.folder());
    Path copy = work.resolve("copy");
    Path out = work.resolve("out");
    FolderTree.delete(copy);
    FolderTree.delete(out);
    restore(copy, sound);
    String how = new Mangler(random.nextLong()).damage(copy.resolve(file));
    String what = "seed %d: %s: %s %s".formatted(seed, kind.name(), file, how);
    boolean changed =
        !Files.isRegularFile(copy.resolve(file))
            || Files.isSymbolicLink(copy.resolve(file))
            || !Arrays.equals(sound.get(file), Files.readAllBytes(copy.resolve(file)));
    List<String> command = kind.command().apply(copy);
    Optional<Path> into = into(kind, copy, out);
    Called called = call(command, into);
    boolean refused = called.refused();
    Optional<String> wrong = called.foreign();
    if (wrong.isEmpty() && changed && !refused) {
      wrong =
          switch (kind.must()) {
            case END -> Optional.empty();
            case TELL -> Optional.of("was not told");
            case TELL_OR_MEND -> other(kind, into.orElse(out));
          };
    }
    if (wrong.isPresent() && called.exitCode() != NO_END && !kind.continues()) {
      List<String> again = new ArrayList<>(command);
      again.add("--verbose");
      called = call(again, into.map(each -> work.resolve("again")));
      FolderTree.delete(work.resolve("again"));
    }
    String said = called.text();
    return new Ended(what, refused, wrong.map(each -> "%s%n%s".formatted(each, said)));
  }

  /** What a result has that the sound one has not. */
  private Optional<String> other(Kind kind, Path found) throws IOException {
    Map<String, byte[]> whole = sound(work.resolve("result"));
    List<String> names =
        whole.keySet().stream()
            .filter(name ->
                kind.continues()
                    ? name.matches("baseline/(tiny|written|identity)[.]json(l)?")
                    : name.startsWith("pairs/"))
            .toList();
    if (names.isEmpty()) {
      throw new AssertionError("nothing is compared for %s".formatted(kind.name()));
    }
    for (String name : names) {
      Path file = found.resolve(name);
      if (!Files.isRegularFile(file) || !Arrays.equals(whole.get(name), Files.readAllBytes(file))) {
        return Optional.of("ended well with another %s".formatted(name));
      }
    }
    return Optional.empty();
  }

  /** How a call ended, and what of it is not the program's own. */
  private record Called(int exitCode, String text) {
    /** Not so where exit code 2 is a verdict, which the result says. */
    boolean refused() {
      return exitCode == 2 && !text.isBlank();
    }

    Optional<String> foreign() {
      if (exitCode == NO_END) {
        return Optional.of("did not end in %d s".formatted(SECONDS));
      }
      if (exitCode < 0 || exitCode > 3) {
        return Optional.of("ended with %d".formatted(exitCode));
      }
      if (text.contains("This is a defect") || text.contains("out of memory")) {
        return Optional.of("a foreign exception");
      }
      return exitCode == 2 && !text.contains("CHANGED") && text.strip().lines().count() > 4
          ? Optional.of("more than a few lines")
          : Optional.empty();
    }
  }

  private static Called call(List<String> command, Optional<Path> out) {
    List<String> arguments = new ArrayList<>(command);
    out.ifPresent(folder -> arguments.addAll(List.of("--out", folder.toString())));
    if (!List.of("verify", "show", "report").contains(command.getFirst())) {
      arguments.add("--quiet");
    }
    var text = new StringWriter();
    var printer = new PrintWriter(text, true);
    var task =
        new FutureTask<>(() ->
            Program.execute(
                Program.commandLine().setOut(out(command, printer)).setErr(printer),
                arguments.toArray(String[]::new)));
    Thread thread = Thread.ofPlatform().daemon().start(task);
    try {
      return new Called(task.get(SECONDS, TimeUnit.SECONDS), text.toString());
    } catch (TimeoutException e) {
      String where =
          Stream.of(thread.getStackTrace())
              .limit(20)
              .map(Object::toString)
              .collect(Collectors.joining("\n  "));
      return new Called(NO_END, "%s%n  %s".formatted(arguments, where));
    } catch (Exception e) {
      throw new AssertionError("%s".formatted(arguments), e);
    }
  }

  /** What verify finds it prints. */
  private static PrintWriter out(List<String> command, PrintWriter err) {
    return command.getFirst().equals("verify") ? err : new PrintWriter(Writer.nullWriter());
  }

  private static Map<String, byte[]> read(Path folder) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
        files.put(folder.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  private static void restore(Path folder, Map<String, byte[]> files) throws IOException {
    for (Map.Entry<String, byte[]> each : files.entrySet()) {
      Path file = folder.resolve(each.getKey());
      Files.createDirectories(file.getParent());
      Files.write(file, each.getValue());
    }
  }
}
