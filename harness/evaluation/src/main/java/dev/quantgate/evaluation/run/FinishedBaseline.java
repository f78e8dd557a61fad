package dev.quantgate.evaluation.run;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.OTHER_RUN;

import dev.quantgate.base.QuantGateException;
import dev.quantgate.evaluation.answer.RecordedSource;
import dev.quantgate.evaluation.record.Checksums;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.record.Provenance;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.inference.ModelReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Finds a finished run of the baseline that makes asking it needless: in the folder of the run, or
 * among those that were kept, known by its identity and checked whole before it is used.
 */
final class FinishedBaseline {
  private final BaselineChoice choice;
  private final Optional<KeptBaselines> kept;
  private final FinishedRuns asked;
  private final Participant.Source baseline;
  private final Optional<RecordedSource> recorded;

  /**
   * @param cache what can be made again lies below it; empty where nothing is kept
   * @param asked knows the run that is asked for
   * @param recorded the baseline's answers where they come from elsewhere
   */
  FinishedBaseline(
      BaselineChoice choice,
      Optional<Path> cache,
      FinishedRuns asked,
      Participant.Source baseline,
      Optional<RecordedSource> recorded) {
    this.choice = choice;
    this.kept = cache.map(KeptBaselines::new);
    this.asked = asked;
    this.baseline = baseline;
    this.recorded = recorded;
  }

  /**
   * The kept run that would be taken.
   *
   * @param sandbox that executes programs; empty where none was started
   */
  Optional<KeptBaselines.Entry> kept(Optional<SuiteIdentity.Sandbox> sandbox) {
    if (kept.isEmpty() || recorded.isPresent() || !choice.kept() && choice.frozen().isEmpty()) {
      return Optional.empty();
    }
    return kept
        .get()
        .find(entry ->
            asked.isAskedFor(entry.identity(), baseline.model(), Optional.empty(), sandbox)
                && choice
                    .frozen()
                    .map(hash -> entry.sha256().equals(Optional.of(hash)))
                    .orElse(true))
        .stream()
        .findFirst();
  }

  /**
   * A finished run, in the folder from now on; empty where the baseline is to be asked.
   *
   * @param note hears what is reused, and why something is not
   * @throws EvaluationException if the baseline is frozen and another one is there, or none
   */
  Optional<FinishedRun> take(
      OutFolder out, Optional<SuiteIdentity.Sandbox> sandbox, Consumer<String> note) {
    Path place = out.run(Side.BASELINE);
    Optional<FinishedRun> there = asked.in(place, baseline.model(), recorded, sandbox);
    if (there.isPresent()) {
      choice.requireFrozen(there.get());
      return there;
    }
    if (!Files.exists(place)) {
      Optional<KeptBaselines.Entry> entry = kept(sandbox);
      if (entry.isPresent() && install(entry.get(), out, note)) {
        FinishedRun run = RunFolder.read(place);
        note.accept("baseline: reused, %s".formatted(words(run)));
        return Optional.of(run);
      }
    }
    requireRecordedFrozen();
    if (choice.kept()) {
      note.accept(
          "baseline: no finished run of this model, these suites and settings is kept%s; it is asked"
              .formatted(kept.map(each -> " in %s".formatted(each.folder())).orElse("")));
    }
    return Optional.empty();
  }

  private boolean install(KeptBaselines.Entry entry, OutFolder out, Consumer<String> note) {
    try {
      entry.checked();
      kept.orElseThrow().install(entry, out);
      return true;
    } catch (QuantGateException e) {
      note.accept(
          "baseline: the kept run is damaged and not used: %s"
              .formatted(String.valueOf(e.getMessage()).lines().findFirst().orElse("")));
      kept.orElseThrow().remove(entry.folder());
      return false;
    }
  }

  /** When it was asked, as what, and the line that names it. */
  static String words(FinishedRun run) {
    List<Provenance.Session> sessions = run.provenance().sessions();
    return "asked %s as %s (sha256:%s)"
        .formatted(
            sessions.isEmpty() ? "at an unknown time" : sessions.getLast().lastSeen(),
            run.provenance().reference(),
            run.sha256().orElse("unknown"));
  }

  /** Keeps a baseline that was asked whole and without faults of the machine. */
  void keep(FinishedRun run, OutFolder out, Consumer<String> note) {
    if (kept.isEmpty() || !asked.isKnown(run)) {
      return;
    }
    kept.get()
        .keep(run, out)
        .ifPresentOrElse(
            why -> note.accept("baseline: not kept for later: %s".formatted(why)),
            () ->
                note.accept(
                    "baseline: kept for --reuse-baseline, sha256:%s"
                        .formatted(run.sha256().orElse("unknown"))));
  }

  /** The answers of a frozen run may be replayed; a baseline that is asked anew is another run. */
  private void requireRecordedFrozen() {
    if (choice.frozen().isEmpty()) {
      return;
    }
    String frozen = choice.frozen().get();
    if (baseline.model() instanceof ModelReference.Replay(Path path)) {
      Optional<Path> run = RunFolder.locate(path, Side.BASELINE).filter(Checksums::exist);
      String found = run.map(Checksums::of).map("sha256:%s"::formatted).orElse("no finished run");
      if (!found.equals("sha256:%s".formatted(frozen))) {
        throw new EvaluationException(
            OTHER_RUN,
            "%s: the baseline is frozen as sha256:%s, found %s\nReplay the frozen run, or freeze this one"
                .formatted(path, frozen, found));
      }
      return;
    }
    throw new EvaluationException(
        OTHER_RUN,
        "%s: the baseline is frozen as sha256:%s, and no sound run with this hash of this model, these suites and settings is kept%s\nGive its folder as --baseline replay:FOLDER, or freeze another one"
            .formatted(
                baseline.reference(),
                frozen,
                kept.map(each -> " in %s".formatted(each.folder())).orElse("")));
  }
}
