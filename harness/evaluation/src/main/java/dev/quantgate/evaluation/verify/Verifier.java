package dev.quantgate.evaluation.verify;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quantgate.base.Sha256;
import dev.quantgate.base.Version;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.comparison.Comparer;
import dev.quantgate.evaluation.comparison.Comparer.Compared;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.comparison.ComparisonFolder;
import dev.quantgate.evaluation.gate.Gate;
import dev.quantgate.evaluation.pairs.SuitePairs;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.SealedText;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.record.SuiteIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Recomputes a finished result: comparison.json and pairs from the item records, the records from
 * journals and data, and the chain of checksums over all files. It changes nothing and goes on
 * behind the first fault.
 */
public final class Verifier {
  private static final String RECORDS = "the item records";

  private final SuiteFinder finder;
  private final Findings findings = new Findings();

  /**
   * @param request says where data lies that is not in its usual place
   */
  public Verifier(Services services, VerifyRequest request) {
    this.finder = SuiteFinder.of(services, request.data(), request.suites());
  }

  /**
   * Verifies a folder with a comparison, or with one model's run.
   *
   * @throws EvaluationException if it holds neither, or one that is not finished
   */
  public Verification verify(Path folder) {
    if (ComparisonFolder.exists(folder)) {
      return comparison(folder);
    }
    Path run =
        RunFolder.locate(folder, Side.MODEL)
            .orElseThrow(() ->
                new EvaluationException(
                    EvaluationException.Kind.INPUT,
                    "%s: expected a result, with comparison.json or a run's identity.json in it, found neither"
                        .formatted(folder)));
    String prefix = run.equals(folder) ? "" : "%s/".formatted(Side.MODEL);
    var verifier = new RunVerifier(run, prefix, finder, findings);
    verifier
        .verify()
        .ifPresent(each ->
            each.suites()
                .keySet()
                .forEach(suite ->
                    prompts(
                        prefix.isEmpty() ? Disk.parent(folder.toAbsolutePath()) : folder,
                        suite,
                        new Verified(each, verifier))));
    return findings.result(verifier.sha256());
  }

  private void prompts(Path out, String suite, Verified run) {
    Path file = new OutFolder(out).prompts(suite);
    if (Files.isRegularFile(file)) {
      prompts("prompts/%s.jsonl".formatted(suite), SealedText.lines(file), suite, run);
    }
  }

  private Verification comparison(Path folder) {
    var files = new SealedFolder(folder, "", findings);
    SealedText page = files.object(ComparisonFolder.NAME);
    Optional<Comparison> stored = Optional.empty();
    try {
      stored = Optional.of(page.as(Comparison.class));
    } catch (IllegalArgumentException e) {
      findings.add(
          new Difference(
              ComparisonFolder.NAME, 0, "", String.valueOf(e.getMessage()), "", "its form"));
    }
    Optional<Verified> baseline =
        stored.flatMap(each -> run(folder, Side.BASELINE, each.baseline()));
    Optional<Verified> candidate =
        stored.flatMap(each -> run(folder, Side.CANDIDATE, each.candidate()));
    if (baseline.isPresent() && candidate.isPresent()) {
      recompute(files, page, stored.orElseThrow(), baseline.get(), candidate.get());
    } else {
      findings.unverified(
          "comparison.json and its pairs, as a run is not there or cannot be read; bring back what was written");
    }
    files.check(present(folder));
    // Another version's description may say more or less.
    if (stored.isEmpty() || stored.orElseThrow().program().equals(Version.program())) {
      schema(files);
    }
    return findings.result(files.sha256());
  }

  /** A run, and what knows more of it. */
  private record Verified(FinishedRun run, RunVerifier verifier) {}

  /** A model's run, where comparison.json says that it lies. */
  private Optional<Verified> run(Path folder, Side side, ModelSummary model) {
    Optional<Path> path = place(folder, side, model.folder().orElse(side.toString()));
    if (path.isEmpty()) {
      return Optional.empty();
    }
    var verifier = new RunVerifier(path.get(), "%s/".formatted(side), finder, findings);
    findings.compare(
        ComparisonFolder.NAME,
        "%s.sha256".formatted(side),
        model.sha256().orElse("nothing"),
        verifier.sha256(),
        "%s/checksums.json".formatted(side));
    return verifier.verify().map(run -> new Verified(run, verifier));
  }

  /** A run lies where it did, or was copied to its side's name beside comparison.json. */
  private Optional<Path> place(Path folder, Side side, String named) {
    Path beside = folder.resolve(side.toString());
    Optional<Path> known = path(folder, named);
    Optional<Path> found =
        Stream.concat(known.stream(), Stream.of(beside)).filter(Files::isDirectory).findFirst();
    if (found.isEmpty() && known.filter(path -> Path.of(named).isAbsolute()).isPresent()) {
      findings.unverified(
          "%s: its run, which is not at %s; bring it back, or copy it to %s"
              .formatted(side, named, beside));
    } else if (found.isEmpty()) {
      findings.compare(named, "", "nothing", "the folder of a run", ComparisonFolder.NAME);
    }
    return found;
  }

  private static Optional<Path> path(Path folder, String named) {
    try {
      return Optional.of(folder.resolve(named));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private void recompute(
      SealedFolder files,
      SealedText page,
      Comparison stored,
      Verified baseline,
      Verified candidate) {
    if (!stored.program().equals(Version.program())) {
      findings.unverified(
          "comparison.json and its pairs, as %s wrote them and this is %s; verify them with that version"
              .formatted(stored.program(), Version.program()));
      return;
    }
    Compared compared = new Comparer().compare(baseline.run(), candidate.run(), stored.policy());
    Comparison placed =
        ComparisonFolder.placed(
            compared.comparison(),
            stored.baseline().folder().orElse(""),
            stored.candidate().folder().orElse(""));
    findings.compare(ComparisonFolder.NAME, page, placed, RECORDS);
    for (SuitePairs suite : compared.pairs()) {
      String name = ComparisonFolder.pairsName(suite.suite());
      files.compare(name, suite.pairs(), RECORDS);
      String prompts = "prompts/%s.jsonl".formatted(suite.suite());
      if (files.has(prompts)) {
        prompts(prompts, files.lines(prompts), suite.suite(), baseline);
      }
      candidate
          .verifier()
          .inOrder(suite.suite())
          .ifPresent(order -> looks(stored, candidate.run().identity(), suite, order));
    }
    findings.recomputed(
        "comparison.json and the pairs of %d suites from the item records"
            .formatted(compared.pairs().size()));
  }

  /**
   * A suite that one run asked of both models by this policy stopped where these pairs decide it.
   * Of others that is not to be known; their bounds hold wherever one stopped.
   */
  private void looks(Comparison stored, Identity candidate, SuitePairs suite, AskedInOrder order) {
    List<String> suites = candidate.suites();
    boolean together =
        stored.baseline().folder().equals(Optional.of(Side.BASELINE.toString()))
            && stored.candidate().folder().equals(Optional.of(Side.CANDIDATE.toString()))
            && stored
                .policy()
                .stopRule(suites)
                .equals(candidate.suite(suite.suite()).asking().get(SuiteIdentity.STOP));
    if (together) {
      order.verifyLooks(
          Gate.of(stored.policy()),
          suite,
          suites.size(),
          "%s/%s".formatted(Side.CANDIDATE, RunFolder.PROVENANCE),
          findings);
    } else {
      findings.left(
          "candidate: %s: that it was decided at its last look and not before (it was asked beside another baseline or by another margin); its bounds hold wherever one stops"
              .formatted(suite.suite()));
    }
  }

  /** What was asked must be what the data says and what the records have the hash of. */
  private void prompts(String file, List<SealedText> lines, String suite, Verified asker) {
    List<Prompts.Line> expected = asker.verifier().prompts(suite);
    List<ItemRecord> records = asker.run().suites().getOrDefault(suite, List.of());
    findings.compare(
        file, "lines", Integer.toString(lines.size()), Integer.toString(records.size()), RECORDS);
    for (int i = 0; i < Math.min(lines.size(), records.size()); i++) {
      SealedText line = lines.get(i);
      if (i < expected.size()) {
        findings.compare(file, line, expected.get(i), "the data");
      }
      try {
        Prompts.Line prompt = line.as(Prompts.Line.class);
        findings.compare(
            file,
            line.line(),
            "sha256 of the prompt of %s".formatted(records.get(i).id()),
            Sha256.hex(prompt.prompt()),
            records.get(i).promptSha256(),
            "the item's record");
      } catch (IllegalArgumentException e) {
        findings.add(
            new Difference(file, line.line(), "", String.valueOf(e.getMessage()), "", "its form"));
      }
    }
  }

  private static List<String> present(Path folder) {
    List<String> files = new ArrayList<>();
    for (String below : List.of("prompts", "pairs")) {
      Path inside = folder.resolve(below);
      if (!Files.isDirectory(inside)) {
        continue;
      }
      try (var listed = Files.list(inside)) {
        listed
            .map(file -> "%s/%s".formatted(below, file.getFileName()))
            .filter(name -> !name.endsWith(".part"))
            .forEach(files::add);
      } catch (IOException e) {
        throw Disk.cannot("read", inside, e);
      }
    }
    return files;
  }

  /** The form's description is the program's own. */
  private void schema(SealedFolder files) {
    if (!files.has(ComparisonFolder.SCHEMA)) {
      return;
    }
    try {
      byte[] found = Files.readAllBytes(files.path(ComparisonFolder.SCHEMA));
      byte[] own = ComparisonFolder.jsonSchema();
      int at = Arrays.mismatch(found, own);
      if (at >= 0) {
        List<String> there = new String(found, UTF_8).lines().toList();
        List<String> ours = new String(own, UTF_8).lines().toList();
        int line = 0;
        while (line < Math.min(there.size(), ours.size())
            && there.get(line).equals(ours.get(line))) {
          line++;
        }
        findings.add(
            new Difference(
                ComparisonFolder.SCHEMA,
                line + 1,
                "",
                line < there.size() ? there.get(line).strip() : "nothing",
                line < ours.size() ? ours.get(line).strip() : "nothing",
                "this program"));
      }
    } catch (IOException e) {
      throw Disk.cannot("read", files.path(ComparisonFolder.SCHEMA), e);
    }
  }
}
