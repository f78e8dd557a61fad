package dev.quantgate.evaluation.run;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.Side;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * A model that takes part in a run, and the name of its folder.
 *
 * @param reference what the user typed: a checkpoint folder, or {@code replay:} and a path
 */
public record Participant(Side side, String reference) {
  private static final String REPLAY = "replay:";

  /** Where the answers come from. */
  record Source(Side side, String reference, boolean replay, Path path) {}

  /** Refuses a reference that nothing can come of, before anything is loaded. */
  Source check() {
    boolean replay = reference.startsWith(REPLAY);
    Path path;
    try {
      path = Path.of(replay ? reference.substring(REPLAY.length()) : reference);
    } catch (InvalidPathException e) {
      throw new EvaluationException(
          INPUT, "%s: \"%s\" is no path: %s".formatted(side, reference, e.getReason()), e);
    }
    if (!replay && reference.matches("[a-z][a-z0-9+.-]+://.*")) {
      throw new EvaluationException(
          INPUT,
          "%s: %s is an address; models are given as a checkpoint folder, or as replay: and answers recorded elsewhere"
              .formatted(side, reference));
    }
    if (!replay && !Files.isDirectory(path)) {
      throw new EvaluationException(
          INPUT,
          "%s: expected a checkpoint folder, found %s"
              .formatted(
                  side,
                  Files.exists(path)
                      ? "the file %s (recorded answers are given as replay:%s)"
                          .formatted(path, path)
                      : "nothing at %s".formatted(path)));
    }
    return new Source(side, reference, replay, path);
  }
}
