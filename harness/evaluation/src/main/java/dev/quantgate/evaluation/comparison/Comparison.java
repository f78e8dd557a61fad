package dev.quantgate.evaluation.comparison;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.Judgement.PooledDelta;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.record.ModelUsage;
import dev.quantgate.evaluation.record.SelfTest;
import dev.quantgate.evaluation.record.Side;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Two runs, paired item by item: the content of comparison.json, which every report renders and
 * none adds to. Its JSON Schema is the resource {@code comparison.schema.json} of this package.
 *
 * @param program name and version of what wrote it
 * @param finding what the pairs of all suites show, whatever policy makes of it
 * @param verdict after policy
 * @param proven whether the verdict is what the pairs show
 * @param exitCode of a process that ends in {@code verdict}
 * @param reason one line that says what the verdict rests on
 * @param suites in the order of the run
 * @param pooled their mean; empty where fewer than two say something
 * @param flips of all suites, in item order
 * @param selfTests what the harness found out about itself, or why it did not
 * @param notes what a reader must know: what was not compared since only one side knows it, custom
 *     data, an unsafe sandbox
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record Comparison(
    String program,
    Finding finding,
    Verdict verdict,
    boolean proven,
    int exitCode,
    String reason,
    GatePolicy policy,
    ModelSummary baseline,
    ModelSummary candidate,
    List<SuiteComparison> suites,
    Optional<PooledDelta> pooled,
    List<Flip> flips,
    List<SelfTest> selfTests,
    List<String> notes) {

  public Comparison {
    suites = List.copyOf(suites);
    flips = List.copyOf(flips);
    selfTests = List.copyOf(selfTests);
    notes = List.copyOf(notes);
  }

  /** The same, with word of where the runs lie. */
  Comparison at(String baselineFolder, String candidateFolder) {
    return new Comparison(
        program,
        finding,
        verdict,
        proven,
        exitCode,
        reason,
        policy,
        baseline.at(baselineFolder),
        candidate.at(candidateFolder),
        suites,
        pooled,
        flips,
        selfTests,
        notes);
  }

  /** The flips of one suite. */
  public List<Flip> flipsOf(String suite) {
    return flips.stream().filter(flip -> flip.suite().equals(suite)).toList();
  }

  /**
   * One of the two models.
   *
   * @param reference what the user typed
   * @param live whether it was asked; false for answers recorded elsewhere
   * @param identity what it is: engine, architecture, weightFormat, weightsSha256 and so on; empty
   *     for recorded answers
   * @param usage memory and speed; empty for recorded answers
   * @param folder of the run: below comparison.json's own folder where it is relative; empty where
   *     unknown
   * @param sha256 of the run's checksums.json, which names all its files; empty for runs of schema
   *     1
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record ModelSummary(
      Side side,
      String reference,
      boolean live,
      SortedMap<String, String> identity,
      Optional<ModelUsage> usage,
      Optional<String> folder,
      Optional<String> sha256) {
    public ModelSummary {
      identity = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(identity));
    }

    private ModelSummary at(String place) {
      return new ModelSummary(side, reference, live, identity, usage, Optional.of(place), sha256);
    }
  }
}
