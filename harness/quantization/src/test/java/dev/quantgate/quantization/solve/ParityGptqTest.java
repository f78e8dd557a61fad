package dev.quantgate.quantization.solve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.fixture.ParityFolders;
import dev.quantgate.inference.fixture.SharedData;
import dev.quantgate.quantization.ActOrder;
import dev.quantgate.quantization.ClipSearch;
import dev.quantgate.quantization.Scheme;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Layer losses beside GPTQModel's, on its home ground: the same base, the same calibration ids, and
 * Hessians from a walk in which every finished layer has GPTQModel's own weights.
 */
class ParityGptqTest {
  private static final JsonMapper JSON = new JsonMapper();

  @Test
  void theSummedLayerLossIsNoHigherThanGptqModelsOnTheSameHessians(TestReporter reporter)
      throws IOException {
    Path base = SharedData.require("parity/llama-gqa-fp16");
    List<Path> folders =
        ParityFolders.with("expected/calibration.json").stream()
            .filter(folder -> Files.exists(folder.resolve("quantize_config.json")))
            .toList();
    int judged = 0;
    for (Path folder : folders) {
      JsonNode config = JSON.readTree(Files.readAllBytes(folder.resolve("quantize_config.json")));
      Scheme scheme =
          new Scheme(4, config.get("group_size").asInt(), config.get("sym").asBoolean());
      double[] sums = losses(base, folder, scheme);
      reporter.publishEntry(
          folder.getFileName().toString(),
          String.format(
              Locale.ROOT,
              "%s: rtn %.3f, GPTQModel %.3f, here %.3f",
              scheme,
              sums[0],
              sums[1],
              sums[2]));
      // At group 128 GPTQModel's act-order scatters the groups, which ours does not: told, not
      // judged.
      if (!config.path("desc_act").asBoolean()) {
        assertThat(sums[2]).as("summed loss of %s", folder).isLessThanOrEqualTo(sums[1]);
        assertThat(sums[1]).as("GPTQModel's loss, a sane one").isLessThan(sums[0]);
        judged++;
      }
    }
    assertThat(judged).isGreaterThanOrEqualTo(2);
  }

  /** Summed losses of round-to-nearest, GPTQModel and this solver. */
  private static double[] losses(Path base, Path folder, Scheme scheme) throws IOException {
    List<List<Integer>> ids = new ArrayList<>();
    for (JsonNode sequence :
        JSON.readTree(Files.readAllBytes(folder.resolve("expected/calibration.json")))) {
      List<Integer> one = new ArrayList<>();
      sequence.forEach(id -> one.add(id.asInt()));
      ids.add(one);
    }
    EngineOptions options = EngineOptions.defaults();
    double[] sums = new double[3];
    try (BlockwiseModel model = Engines.findBlockwise("cpu").openBlockwise(base, options);
        BlockwiseModel theirs = Engines.findBlockwise("cpu").openBlockwise(folder, options);
        Workers workers = new Workers(options.threads())) {
      List<float[]> hidden = ids.stream().map(model::embed).toList();
      for (int b = 0; b < model.blocks(); b++) {
        List<List<String>> stages = model.linearStages(b);
        for (int s = 0; s < stages.size(); s++) {
          Hessian hessian = new Hessian(stages.get(s).toString(), workers);
          model.observe(b, hidden, s, (sequence, rows) -> hessian.add(rows));
          LayerSolver solver =
              new LayerSolver(
                  hessian, scheme, ActOrder.GROUP_AWARE, ClipSearch.FULL, 0.01, workers);
          for (String linear : stages.get(s)) {
            Matrix weight = model.weight(linear);
            Matrix peer = theirs.weight(linear);
            LayerSolver.Solution solution = solver.solve(linear, weight);
            sums[0] += solution.rtnLoss();
            sums[1] += solver.loss(weight, peer);
            sums[2] += solver.loss(weight, solution.layer().dequantised());
            model.replace(linear, peer);
          }
        }
        hidden = model.run(b, hidden);
        model.release(b);
        theirs.release(b);
      }
    }
    return sums;
  }
}
