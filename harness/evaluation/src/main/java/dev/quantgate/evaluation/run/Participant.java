package dev.quantgate.evaluation.run;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.ModelReference;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A model that takes part in a run, and the name of its folder.
 *
 * @param reference what the user typed: a checkpoint folder, or {@code replay:} and a path
 */
public record Participant(Side side, String reference) {
  /** Where the answers come from. */
  record Source(Side side, String reference, ModelReference model) {}

  /** Refuses an unusable model reference before anything is loaded. */
  Source check() {
    ModelReference model;
    try {
      model = ModelReference.parse(reference);
    } catch (InferenceException e) {
      throw new EvaluationException(INPUT, "%s: %s".formatted(side, e.getMessage()), e);
    }
    switch (model) {
      case ModelReference.Replay replay -> {}
      case ModelReference.Folder(Path path) -> {
        if (!Files.isDirectory(path)) {
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
      }
      case ModelReference.Address address -> {
        if (Engines.all().stream().noneMatch(engine -> engine.opens(address))) {
          throw new EvaluationException(
              INPUT,
              "%s: %s is an address; models are given as a checkpoint folder, or as replay: and answers recorded elsewhere"
                  .formatted(side, address));
        }
      }
    }
    return new Source(side, reference, model);
  }
}
