package dev.quantgate.reports;

import dev.quantgate.base.QuantGateException;
import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.comparison.ComparisonFolder;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.pairs.SuitePairs;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.ExecutionLine;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ModelBench;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Side;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What every report is made from: a comparison that lies on disk, its pairs, and what lies beside
 * them, joined item by item. It reads and joins, and computes nothing.
 *
 * <p>A comparison outlives its runs: where a run was moved, damaged or done again, the reports show
 * what comparison.json and the pairs know, and {@link #warnings} says what is missing.
 */
public final class ReportSource {
  /** Files of measurements that are looked at. */
  private static final int MOST_BENCHES = 16;

  private final ComparisonFolder folder;
  private final List<String> warnings = new ArrayList<>();
  private final Optional<FinishedRun> baseline;
  private final Optional<FinishedRun> candidate;
  private final Map<Side, ModelBench> benches;

  private ReportSource(ComparisonFolder folder) {
    this.folder = folder;
    this.baseline = run(folder.comparison().baseline());
    this.candidate = run(folder.comparison().candidate());
    this.benches = readBenches();
  }

  /**
   * Opens a comparison, given comparison.json or its folder.
   *
   * @throws dev.quantgate.base.QuantGateException if it cannot be read
   */
  public static ReportSource open(Path path) {
    return new ReportSource(ComparisonFolder.read(path));
  }

  public ComparisonFolder folder() {
    return folder;
  }

  public Comparison comparison() {
    return folder.comparison();
  }

  /** The baseline's run; empty where it is no longer what was compared. */
  public Optional<FinishedRun> baseline() {
    return baseline;
  }

  /** The candidate's run; empty where it is no longer what was compared. */
  public Optional<FinishedRun> candidate() {
    return candidate;
  }

  /** When the candidate's run ended, or else the baseline's; without a run when it was written. */
  public Instant ended() {
    return candidate
        .or(() -> baseline)
        .map(run -> run.provenance().sessions())
        .filter(sessions -> !sessions.isEmpty())
        .map(sessions -> sessions.getLast().lastSeen())
        .orElseGet(() -> {
          try {
            return Files.getLastModifiedTime(folder.path().resolve(ComparisonFolder.NAME))
                .toInstant();
          } catch (IOException e) {
            return Instant.EPOCH;
          }
        });
  }

  /**
   * What {@code quantgate bench --out} measured of the models by themselves: files called {@code
   * bench*.json} beside comparison.json, as far as they are of these models.
   */
  public Map<Side, ModelBench> benches() {
    return benches;
  }

  /** A line for each run or measurement that could not be joined, and why. */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** The pairs of a suite, read anew each time. */
  public SuitePairs pairs(SuiteComparison suite) {
    return folder.pairs(suite);
  }

  /**
   * The pairs of a suite by their items' ids, read anew each time; none where an older version,
   * which kept no pairs, wrote the result.
   */
  public Map<String, Pair> pairsById(SuiteComparison suite) {
    var pairs = new HashMap<String, Pair>();
    if (folder.schema() >= 2) {
      pairs(suite).pairs().forEach(pair -> pairs.put(pair.id(), pair));
    }
    return pairs;
  }

  /**
   * The items of a suite, in the order of its pairs, read anew each time: a caller that goes from
   * suite to suite holds one suite's texts at a time.
   */
  public List<ItemView> items(SuiteComparison suite) {
    String name = suite.suite();
    if (folder.schema() < 2) {
      warn("items are not shown: an older QuantGate, which kept no pairs, wrote this comparison");
      return List.of();
    }
    Map<String, ItemRecord> first = records(baseline, name);
    Map<String, ItemRecord> second = records(candidate, name);
    Map<String, Map<Integer, ExecutionLine>> firstExecuted = executed(baseline, name);
    Map<String, Map<Integer, ExecutionLine>> secondExecuted = executed(candidate, name);
    Map<String, Prompts.Line> asked = asked(name);
    var replay = new ReplayCommand(this, suite);
    List<ItemView> items = new ArrayList<>();
    for (Pair pair : pairs(suite).pairs()) {
      Optional<ItemRecord> one = Optional.ofNullable(first.get(pair.id()));
      Optional<ItemRecord> other = Optional.ofNullable(second.get(pair.id()));
      items.add(
          new ItemView(
              name,
              pair,
              Optional.ofNullable(asked.get(pair.id()))
                  .filter(line -> isOf(line, one.or(() -> other))),
              new AnswerView(pair.baseline(), one, firstExecuted.getOrDefault(pair.id(), Map.of())),
              new AnswerView(
                  pair.candidate(), other, secondExecuted.getOrDefault(pair.id(), Map.of())),
              replay.of(pair.id())));
    }
    return items;
  }

  /** An item by its id, of the first suite that has it. */
  public Optional<ItemView> item(String id) {
    return comparison().suites().stream()
        .flatMap(suite -> items(suite).stream())
        .filter(item -> item.id().equals(id))
        .findFirst();
  }

  private static Map<String, ItemRecord> records(Optional<FinishedRun> run, String suite) {
    var records = new HashMap<String, ItemRecord>();
    run.map(each -> each.suites().getOrDefault(suite, List.of()))
        .orElse(List.of())
        .forEach(record -> records.put(record.id(), record));
    return records;
  }

  /** What a run's journal keeps of the executions of a suite, by item and sample. */
  private Map<String, Map<Integer, ExecutionLine>> executed(
      Optional<FinishedRun> run, String suite) {
    var executed = new HashMap<String, Map<Integer, ExecutionLine>>();
    run.map(each -> new RunFolder(each.folder()).executions(suite))
        .filter(Files::isRegularFile)
        .ifPresent(file -> {
          try {
            Disk.readLines(
                file,
                1,
                ExecutionLine.class,
                line ->
                    executed
                        .computeIfAbsent(line.id(), _ -> new HashMap<>())
                        .put(line.sample(), line));
          } catch (QuantGateException e) {
            warn("what executions printed is not shown: %s".formatted(e.getMessage()));
          }
        });
    return executed;
  }

  /** Whether a prompt is the one that the record was made with. */
  private static boolean isOf(Prompts.Line line, Optional<ItemRecord> record) {
    return record.filter(each -> each.promptSha256().equals(Sha256.hex(line.prompt()))).isPresent();
  }

  /** What was asked: beside the comparison, or beside the run where that lies elsewhere. */
  private Map<String, Prompts.Line> asked(String suite) {
    Optional<Path> file =
        Stream.concat(
                Stream.of(folder.path()),
                Stream.of(baseline, candidate)
                    .flatMap(Optional::stream)
                    .map(run -> Disk.parent(run.folder().resolve("identity.json")))
                    .flatMap(run -> Stream.ofNullable(run.getParent())))
            .map(each -> new OutFolder(each).prompts(suite))
            .filter(Files::isRegularFile)
            .findFirst();
    var asked = new HashMap<String, Prompts.Line>();
    file.ifPresent(each -> {
      try {
        Disk.readLines(each, 1, Prompts.Line.class, line -> asked.put(line.id(), line));
      } catch (QuantGateException e) {
        warn("prompts are not shown: %s".formatted(e.getMessage()));
      }
    });
    return asked;
  }

  private Optional<FinishedRun> run(ModelSummary model) {
    Optional<Path> place = folder.run(model);
    if (place.isEmpty()) {
      warn(
          "the records of the %s are no longer at %s: whole answers are not shown"
              .formatted(model.side(), model.folder().orElse("a place that is known")));
      return Optional.empty();
    }
    try {
      FinishedRun run = RunFolder.read(place.get());
      if (run.sha256().equals(model.sha256())) {
        return Optional.of(run);
      }
      warn(
          "the records of the %s at %s are of a later run: whole answers are not shown"
              .formatted(model.side(), place.get()));
    } catch (QuantGateException e) {
      warn("the records of the %s are not shown: %s".formatted(model.side(), e.getMessage()));
    }
    return Optional.empty();
  }

  private Map<Side, ModelBench> readBenches() {
    var found = new EnumMap<Side, ModelBench>(Side.class);
    for (Path file : benchFiles()) {
      try {
        ModelBench bench = ModelBench.read(file);
        List<ModelSummary> models =
            Stream.of(comparison().baseline(), comparison().candidate())
                .filter(model -> bench.isOf(model.identity()))
                .toList();
        if (models.isEmpty()) {
          warn(
              "%s is not shown: it measured %s, whose weights and configuration are neither the baseline's nor the candidate's"
                  .formatted(file, bench.reference()));
        }
        for (ModelSummary model : models) {
          if (found.putIfAbsent(model.side(), bench) != null) {
            warn(
                "%s is not shown: another file measured the %s, too".formatted(file, model.side()));
          }
        }
      } catch (QuantGateException e) {
        warn("memory and speed are not shown: %s".formatted(e.getMessage()));
      }
    }
    return Collections.unmodifiableMap(found);
  }

  private List<Path> benchFiles() {
    try (Stream<Path> listed = Files.list(folder.path())) {
      return listed
          .filter(file -> String.valueOf(file.getFileName()).matches("bench.*\\.json"))
          .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
          .sorted()
          .limit(MOST_BENCHES)
          .toList();
    } catch (IOException e) {
      throw Disk.cannot("listed", folder.path(), e);
    }
  }

  private void warn(String line) {
    if (!warnings.contains(line)) {
      warnings.add(line);
    }
  }
}
