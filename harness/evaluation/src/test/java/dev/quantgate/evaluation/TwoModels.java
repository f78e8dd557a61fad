package dev.quantgate.evaluation;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.run.BaselineChoice;
import dev.quantgate.evaluation.run.RunEnvironment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;

/**
 * The folders of a baseline and a candidate, and the usual requests about them. What is in them no
 * test needs: {@link Fixtures} says what the models know.
 */
public record TwoModels(Path fp16, Path int4) {

  /** Makes them, where they are not there. */
  public static TwoModels in(Path folder) {
    try {
      return new TwoModels(
          Files.createDirectories(folder.resolve("fp16")),
          Files.createDirectories(folder.resolve("int4")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All items, by the usual gate. */
  public RunRequest request(RunPlan plan, Path out) {
    return new RunRequest(
        fp16.toString(), int4.toString(), plan, RunEnvironment.defaults(), GatePolicy.DEFAULT, out);
  }

  /** Items in random order, until the gate decides. */
  public RunRequest untilDecided(
      RunPlan plan, RunEnvironment environment, GatePolicy policy, Path out) {
    return new RunRequest(
        fp16.toString(),
        int4.toString(),
        plan,
        environment,
        policy,
        out,
        true,
        BaselineChoice.ASKED);
  }

  /** Ids of every tenth of so many items of CMNLI: losses that no gate of a point lets pass. */
  public static String[] everyTenth(int items) {
    return IntStream.range(0, items)
        .filter(i -> i % 10 == 0)
        .mapToObj(Integer::toString)
        .toArray(String[]::new);
  }
}
