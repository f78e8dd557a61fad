package dev.quantgate.evaluation.verify;

import dev.quantgate.base.QuantGateException;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.Provenance;
import dev.quantgate.evaluation.record.Provenance.SuiteFacts;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.SelfTest;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.inference.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Recomputes one model's run: every record and time from its journals and the suites' data. */
final class RunVerifier {
  private final SealedFolder folder;
  private final Path path;
  private final String place;
  private final SuiteFinder finder;
  private final Findings findings;

  private final Map<String, SuiteVerifier> verifiers = new HashMap<>();

  /**
   * @param prefix stands before the files' names in what is told: empty, or "candidate/"
   */
  RunVerifier(Path path, String prefix, SuiteFinder finder, Findings findings) {
    this.folder = new SealedFolder(path, prefix, findings);
    this.path = path;
    this.place = prefix.isEmpty() ? "" : "%s: ".formatted(prefix.replace("/", ""));
    this.finder = finder;
    this.findings = findings;
  }

  /** What was asked of a suite; empty where it could not be computed anew. */
  List<Prompts.Line> prompts(String suite) {
    return Optional.ofNullable(verifiers.get(suite)).map(SuiteVerifier::prompts).orElse(List.of());
  }

  /** The order in which a suite was asked until it was decided; empty where all was asked. */
  Optional<AskedInOrder> inOrder(String suite) {
    return Optional.ofNullable(verifiers.get(suite)).flatMap(SuiteVerifier::inOrder);
  }

  /** What names the run in one line. */
  String sha256() {
    return folder.sha256();
  }

  /**
   * Checks all of it.
   *
   * @return the run as its records say, damaged ones as they were where that is known; empty where
   *     too little is left of it
   */
  Optional<FinishedRun> verify() {
    Optional<Identity> identity = folder.value(RunFolder.IDENTITY, Identity.class);
    Optional<Provenance> provenance = folder.value(RunFolder.PROVENANCE, Provenance.class);
    Map<String, List<ItemRecord>> suites = new LinkedHashMap<>();
    List<String> names = identity.map(Identity::suites).orElse(List.of());
    identity
        .filter(each -> names.isEmpty() || Set.copyOf(names).size() < names.size())
        .ifPresent(each ->
            findings.compare(
                folder.name(RunFolder.IDENTITY),
                "suites",
                each.fields().getOrDefault("suites", "nothing"),
                "names of suites, each once",
                "the form of a result"));
    for (String suite : names) {
      folder
          .values(RunFolder.recordsName(suite), ItemRecord.class)
          .ifPresent(records -> {
            suites.put(suite, records);
            verify(suite, records, identity.orElseThrow(), provenance);
          });
    }
    List<SelfTest> selfTests =
        folder.has(RunFolder.SELF_TESTS)
            ? folder
                .value(RunFolder.SELF_TESTS, RunFolder.SelfTests.class)
                .map(RunFolder.SelfTests::selfTests)
                .orElse(List.of())
            : List.of();
    if (identity.isPresent() && provenance.isPresent()) {
      verifyWeights(identity.get(), provenance.get());
    }
    List<String> present = present();
    folder.check(present);
    if (identity.isPresent()) {
      verifySuites(names, present);
    }
    return provenance.isPresent() && !names.isEmpty() && suites.size() == names.size()
        ? Optional.of(
            new FinishedRun(
                path,
                identity.orElseThrow(),
                provenance.orElseThrow(),
                suites,
                selfTests,
                Optional.of(folder.sha256())))
        : Optional.empty();
  }

  private void verify(
      String suite, List<ItemRecord> records, Identity identity, Optional<Provenance> provenance) {
    Optional<SuiteFacts> facts = provenance.map(Provenance::suites).map(all -> all.get(suite));
    if (provenance.isPresent() && facts.isEmpty()) {
      findings.compare(
          folder.name(RunFolder.PROVENANCE),
          "suites.%s".formatted(suite),
          "nothing",
          "where its items came from",
          folder.name(RunFolder.IDENTITY));
    }
    SuiteIdentity asked = identity.suite(suite);
    boolean stopped = facts.flatMap(SuiteFacts::stopping).isPresent();
    findings.compare(
        folder.name(stopped ? RunFolder.PROVENANCE : RunFolder.IDENTITY),
        stopped ? "suites.%s.stopping.items".formatted(suite) : "suite.%s.items".formatted(suite),
        facts.map(each -> RunFolder.asked(asked, each)).orElse(asked.items()),
        RunFolder.items(records.stream().map(ItemRecord::id).toList()),
        "the records");
    var verifier = new SuiteVerifier(folder, place, suite, asked, records, findings);
    verifiers.put(suite, verifier);
    verifier.verify(finder, facts);
  }

  /** Files of a suite that identity.json does not name are those of one that was left out. */
  private void verifySuites(List<String> names, List<String> present) {
    Set<String> known = new HashSet<>();
    for (String suite : names) {
      known.addAll(
          List.of(
              RunFolder.recordsName(suite),
              RunFolder.timingsName(suite),
              RunFolder.answersName(suite),
              RunFolder.executionsName(suite)));
    }
    present.stream()
        .filter(file -> file.endsWith(".jsonl") && !known.contains(file))
        .forEach(file ->
            findings.add(
                new Difference(
                    folder.name(file),
                    0,
                    "",
                    "a file",
                    "nothing",
                    "%s, which names no such suite".formatted(folder.name(RunFolder.IDENTITY)))));
  }

  /** Reads the model's files again, whatever is known of them, where they lie as they did. */
  private void verifyWeights(Identity identity, Provenance provenance) {
    Optional<String> weights = Optional.ofNullable(identity.model().get("weightsSha256"));
    if (!identity.live() || weights.isEmpty()) {
      return;
    }
    try {
      Path model = Path.of(provenance.reference());
      Checkpoints.forgetSums(model);
      Checkpoints.Sums sums = Checkpoints.sums(model);
      findings.compare(
          folder.name(RunFolder.IDENTITY),
          "model.weightsSha256",
          weights.get(),
          sums.weightsSha256(),
          "the files in %s".formatted(model));
      findings.compare(
          folder.name(RunFolder.IDENTITY),
          "model.configSha256",
          identity.model().getOrDefault("configSha256", ""),
          sums.configSha256(),
          "the files in %s".formatted(model));
      findings.recomputed("%sthe sums of the model's files in %s".formatted(place, model));
    } catch (QuantGateException | InvalidPathException e) {
      findings.left(
          "%sthe sums of the model's files (%s)"
              .formatted(place, String.valueOf(e.getMessage()).lines().findFirst().orElse("")));
    }
  }

  /** What a finished run lists. */
  private List<String> present() {
    List<String> files = new ArrayList<>();
    for (String below : List.of("", "journal/")) {
      if (!Files.isDirectory(path.resolve(below))) {
        continue;
      }
      try (Stream<Path> listed = Files.list(path.resolve(below))) {
        listed
            .filter(Files::isRegularFile)
            .map(file -> "%s%s".formatted(below, file.getFileName()))
            .filter(name -> !name.equals("checksums.json") && !name.startsWith("."))
            .forEach(files::add);
      } catch (IOException e) {
        throw Disk.cannot("read", path.resolve(below), e);
      }
    }
    return files;
  }
}
