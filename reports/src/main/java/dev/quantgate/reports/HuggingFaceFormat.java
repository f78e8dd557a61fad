package dev.quantgate.reports;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.base.FolderTree;
import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.record.Provenance.Session;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The candidate's scores for its repository on the Hugging Face Hub: {@code
 * .eval_results/{suite}.yaml}, as the Hub's documentation of evaluation results has it. Only whole
 * suites whose official data the Hub has, and only where the result is valid: a sample of the items
 * is not the benchmark.
 */
public final class HuggingFaceFormat implements ReportFormat {
  private record Dataset(String id, String task) {}

  private static final Map<String, Dataset> DATASETS =
      Map.of(
          "humaneval", new Dataset("openai/openai_humaneval", "openai_humaneval"),
          "ceval", new Dataset("ceval/ceval-exam", "ceval-exam"),
          "cmnli", new Dataset("clue/clue", "cmnli"));

  @Override
  public String id() {
    return "huggingface";
  }

  @Override
  public void write(ReportSource source, Path out) {
    Comparison comparison = source.comparison();
    for (SuiteComparison suite : comparison.suites()) {
      Dataset dataset = DATASETS.get(suite.suite());
      boolean whole = suite.items() == suite.available() && suite.items() > 0;
      if (dataset != null && whole && suite.data().catalogued() && suite.obstacles().isEmpty()) {
        Path file = out.resolve(".eval_results").resolve("%s.yaml".formatted(suite.suite()));
        FolderTree.requireNoLink(out, file);
        AtomicFile.write(file, yaml(source, suite, dataset).getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  private static String yaml(ReportSource source, SuiteComparison suite, Dataset dataset) {
    Optional<String> date =
        source
            .candidate()
            .flatMap(run -> run.provenance().sessions().stream().reduce((_, last) -> last))
            .map(Session::lastSeen)
            .map(when -> when.atOffset(ZoneOffset.UTC).toLocalDate().toString());
    String notes =
        "%s, protocol %s, %s items; %s points beside its baseline"
            .formatted(
                source.comparison().program(),
                suite.protocol(),
                suite.items(),
                Figures.points(suite.deltaPoints()));
    return """
    - dataset:
        id: %s
        task_id: %s
      value: %s
    %s  notes: "%s"
    """
        .formatted(
            dataset.id(),
            dataset.task(),
            String.format(Locale.ROOT, "%.2f", 100 * suite.candidate().score()),
            date.map("  date: '%s'\n"::formatted).orElse(""),
            PlainText.line(notes).replace("\\", "\\\\").replace("\"", "\\\""));
  }
}
