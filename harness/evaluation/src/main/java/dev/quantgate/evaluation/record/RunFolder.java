package dev.quantgate.evaluation.record;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.record.Identity.Difference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Where things lie in the folder of one model's run. */
public final class RunFolder {
  public static final String IDENTITY = "identity.json";
  public static final String PROVENANCE = "provenance.json";
  public static final String SELF_TESTS = "selftests.json";

  static final String JOURNAL = "journal";

  private final Path folder;

  /** The version of the form in which the run was begun. */
  private int schema = Seal.SCHEMA_VERSION;

  public RunFolder(Path folder) {
    this.folder = folder;
  }

  public Path identity() {
    return folder.resolve(IDENTITY);
  }

  public Path provenance() {
    return folder.resolve(PROVENANCE);
  }

  public Path answers(String suite) {
    return folder.resolve(answersName(suite));
  }

  public Path executions(String suite) {
    return folder.resolve(executionsName(suite));
  }

  public Path records(String suite) {
    return folder.resolve(recordsName(suite));
  }

  public Path timings(String suite) {
    return folder.resolve(timingsName(suite));
  }

  /** A suite's file of answers, below the folder. */
  public static String answersName(String suite) {
    return "%s/%s.answers.jsonl".formatted(JOURNAL, suite);
  }

  /** A suite's file of what came of its programs, below the folder. */
  public static String executionsName(String suite) {
    return "%s/%s.executions.jsonl".formatted(JOURNAL, suite);
  }

  /** A suite's file of records, below the folder. */
  public static String recordsName(String suite) {
    return "%s.jsonl".formatted(suite);
  }

  /** A suite's file of times, below the folder. */
  public static String timingsName(String suite) {
    return "%s.timings.jsonl".formatted(suite);
  }

  /**
   * Claims the folder for a run: a new one is given the identity, one that holds another run is
   * refused. Gives the provenance up to now.
   */
  public Provenance claim(Identity identity, Provenance fresh) {
    if (!Files.exists(identity())) {
      if (Files.exists(folder.resolve(JOURNAL))) {
        throw new EvaluationException(
            INPUT,
            "%s: holds a journal but no %s, so nobody knows what was asked\nRemove the folder, or give another --out"
                .formatted(folder, IDENTITY));
      }
      Disk.writePage(identity(), identity);
    }
    Disk.Page page = Disk.openPage(identity());
    schema = page.schema();
    Optional<Provenance> stored = provenanceThere();
    requireSame(page.as(Identity.class), identity, stored, fresh);
    Checksums.remove(folder);
    return stored
        .map(before -> new Provenance(fresh.reference(), before.sessions(), fresh.suites()))
        .orElse(fresh);
  }

  private Optional<Provenance> provenanceThere() {
    return Files.exists(provenance())
        ? Optional.of(Disk.readPage(provenance(), Provenance.class))
        : Optional.empty();
  }

  private void requireSame(
      Identity before, Identity identity, Optional<Provenance> stored, Provenance fresh) {
    List<Difference> differences = before.differences(identity);
    if (!differences.isEmpty()) {
      var available = new HashMap<String, Integer>();
      fresh.suites().forEach((suite, facts) -> available.put(suite, facts.available()));
      stored.ifPresent(provenance ->
          provenance.suites().forEach((suite, facts) -> available.put(suite, facts.available())));
      throw OtherRun.of(folder, differences, available);
    }
  }

  /**
   * Refuses a folder that holds a run of other suites, items, protocols or sampling, as far as that
   * is known before a model is loaded.
   *
   * @param expected fields that will be in the run's identity; further ones are not looked at
   */
  public void requireBegunAs(Identity expected, Provenance fresh) {
    if (!Files.exists(identity())) {
      return;
    }
    Identity stored = Disk.readPage(identity(), Identity.class);
    var known = new TreeMap<>(stored.fields());
    known.keySet().retainAll(expected.fields().keySet());
    List<Difference> differences = new Identity(known).differences(expected);
    if (!differences.isEmpty()) {
      var available = new HashMap<String, Integer>();
      fresh.suites().forEach((suite, facts) -> available.put(suite, facts.available()));
      throw OtherRun.of(folder, differences, available);
    }
  }

  /** Opens a suite's answers. */
  public Journal<AnswerLine> openAnswers(String suite, Consumer<AnswerLine> sink) {
    return Journal.open(answers(suite), schema, AnswerLine.class, sink);
  }

  /** Opens what came of a suite's programs. */
  public Journal<ExecutionLine> openExecutions(String suite, Consumer<ExecutionLine> sink) {
    return Journal.open(executions(suite), schema, ExecutionLine.class, sink);
  }

  /** Writes down what the harness found out about itself. */
  public void writeSelfTests(List<SelfTest> selfTests) {
    Disk.writePage(folder.resolve(SELF_TESTS), new SelfTests(selfTests));
  }

  /** What the harness found out about itself in this run up to now. */
  public List<SelfTest> readSelfTests() {
    Path file = folder.resolve(SELF_TESTS);
    return Files.exists(file) ? Disk.readPage(file, SelfTests.class).selfTests() : List.of();
  }

  /** The content of selftests.json. */
  public record SelfTests(List<SelfTest> selfTests) {}

  /** Makes the run a finished one: lists its files with their hashes. */
  public void finish() {
    List<Path> files = new ArrayList<>();
    for (Path each : List.of(folder, folder.resolve(JOURNAL))) {
      try (Stream<Path> listed = Files.list(each)) {
        listed
            .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
            .filter(file -> !Disk.name(file).startsWith("."))
            .filter(file -> !Disk.name(file).equals(Checksums.NAME))
            .forEach(files::add);
      } catch (IOException e) {
        throw Disk.cannot("listed", each, e);
      }
    }
    Checksums.write(folder, files);
  }

  /**
   * The folder of one model's run that a user means: the folder itself, or the one in it for that
   * side or for a single model.
   */
  public static Optional<Path> locate(Path path, Side side) {
    for (Path candidate :
        List.of(path, path.resolve(side.toString()), path.resolve(Side.MODEL.toString()))) {
      if (Files.isRegularFile(candidate.resolve(IDENTITY))) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  /**
   * Reads a finished run.
   *
   * @throws EvaluationException if it is unfinished, damaged, or its items are not those of its
   *     identity
   */
  public static FinishedRun read(Path path) {
    var folder = new RunFolder(path);
    if (!Files.isRegularFile(folder.identity())) {
      throw new EvaluationException(
          INPUT,
          "%s: expected the folder of a run, with %s in it, found none".formatted(path, IDENTITY));
    }
    Disk.Page page = Disk.openPage(folder.identity());
    folder.schema = page.schema();
    Identity identity = page.as(Identity.class);
    List<String> names = identity.suites();
    if (names.isEmpty()) {
      throw new EvaluationException(
          INPUT, "%s: names no suites that could be read".formatted(folder.identity()));
    }
    Provenance provenance = Disk.readPage(folder.provenance(), Provenance.class);
    Map<String, List<ItemRecord>> suites = new LinkedHashMap<>();
    for (String suite : names) {
      if (!Files.exists(folder.records(suite))) {
        throw folder.unfinished("suite %s has no %s.jsonl".formatted(suite, suite));
      }
      Provenance.SuiteFacts facts = provenance.suites().get(suite);
      if (facts == null) {
        throw new EvaluationException(
            INPUT, "%s: says nothing about suite %s".formatted(folder.provenance(), suite));
      }
      suites.put(suite, folder.readRecords(suite, asked(identity.suite(suite), facts)));
    }
    return new FinishedRun(
        path, identity, provenance, suites, folder.readSelfTests(), folder.checked(names));
  }

  /** The items that records must have: those planned, or those asked until all was decided. */
  public static String asked(SuiteIdentity identity, Provenance.SuiteFacts facts) {
    return identity.asking().containsKey(SuiteIdentity.ORDER)
        ? facts.stopping().map(Stopping::items).orElse(identity.items())
        : identity.items();
  }

  /** Holds what was read against the run's list of files, which runs of schema 1 have not. */
  private Optional<String> checked(List<String> suites) {
    if (!Checksums.exist(folder)) {
      if (schema > 1) {
        throw unfinished("it has no checksums.json");
      }
      return Optional.empty();
    }
    Checksums checksums = Checksums.read(folder);
    checksums.require(folder, identity());
    checksums.require(folder, provenance());
    if (Files.exists(folder.resolve(SELF_TESTS))) {
      checksums.require(folder, folder.resolve(SELF_TESTS));
    }
    suites.forEach(suite -> checksums.require(folder, records(suite)));
    return Optional.of(Checksums.of(folder));
  }

  private EvaluationException unfinished(String sign) {
    return new EvaluationException(
        INPUT,
        "%s: is not finished (%s); repeat the command that began the run".formatted(folder, sign));
  }

  private List<ItemRecord> readRecords(String suite, String items) {
    Path file = records(suite);
    List<ItemRecord> records = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    Disk.readLines(
        file,
        schema,
        ItemRecord.class,
        record -> {
          if (!ids.add(record.id())) {
            throw new EvaluationException(
                INPUT, "%s: item %s is there twice".formatted(file, record.id()));
          }
          records.add(record);
        });
    String found = items(records.stream().map(ItemRecord::id).toList());
    if (!found.equals(items)) {
      throw new EvaluationException(
          INPUT,
          "%s: expected the items that identity.json names (%s), found others (%s); the file was changed or cut"
              .formatted(file, items, found));
    }
    return records;
  }

  /** Names a list of items: how many, and a hash over their ids in order. */
  public static String items(List<String> ids) {
    var hash = new Sha256();
    ids.forEach(hash::add);
    return "%d %s".formatted(ids.size(), hash.hex());
  }
}
