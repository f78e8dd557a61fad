package dev.quantgate.inference.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Walking a block's stages while weights are replaced: what is kept between stages changes no bit.
 */
class BlockwiseWalkTest {
  private static final List<List<Integer>> SEQUENCES =
      List.of(
          IntStream.range(0, 70).mapToObj(i -> i * 7 % 256).toList(),
          IntStream.range(0, 5).mapToObj(i -> 3 + i).toList());

  @TempDir Path folder;

  @Test
  void goingOnFromTheLastStageGivesTheBitsOfStartingAnew() {
    Path model = TinyCheckpoint.write(folder.resolve("m"), 4, TinyCheckpoint.Format.F16);
    int compared = 0;
    try (BlockwiseModel walking = open(model);
        BlockwiseModel fresh = open(model)) {
      List<float[]> hidden = SEQUENCES.stream().map(walking::embed).toList();
      for (int block = 0; block < walking.blocks(); block++) {
        List<List<String>> stages = walking.linearStages(block);
        for (int stage = 0; stage < stages.size(); stage++) {
          List<float[]> seen = inputs(walking, block, hidden, stage);
          // Another list, so that nothing kept belongs to it.
          List<float[]> expected = inputs(fresh, block, new ArrayList<>(hidden), stage);
          assertThat(seen).hasSameSizeAs(expected);
          for (int i = 0; i < seen.size(); i++) {
            assertThat(seen.get(i)).isEqualTo(expected.get(i));
            compared++;
          }
          for (String linear : stages.get(stage)) {
            Matrix replaced = halved(walking.weight(linear));
            walking.replace(linear, replaced);
            fresh.replace(linear, replaced);
          }
        }
        List<float[]> next = walking.run(block, hidden);
        List<float[]> expected = fresh.run(block, new ArrayList<>(hidden));
        for (int i = 0; i < next.size(); i++) {
          assertThat(next.get(i)).isEqualTo(expected.get(i));
        }
        hidden = next;
        walking.release(block);
        fresh.release(block);
      }
    }
    assertThat(compared).isEqualTo(2 * 4 * 2);
  }

  @Test
  void replacingAnEarlierStageForgetsWhatWasKept() {
    Path model = TinyCheckpoint.write(folder.resolve("m"), 4, TinyCheckpoint.Format.F16);
    try (BlockwiseModel walking = open(model);
        BlockwiseModel fresh = open(model)) {
      List<float[]> hidden = SEQUENCES.stream().map(walking::embed).toList();
      inputs(walking, 0, hidden, 3);
      String query = walking.linearStages(0).getFirst().getFirst();
      Matrix replaced = halved(walking.weight(query));
      walking.replace(query, replaced);
      fresh.replace(query, replaced);

      assertThat(inputs(walking, 0, hidden, 3).getFirst())
          .isEqualTo(inputs(fresh, 0, new ArrayList<>(hidden), 3).getFirst());
      assertThat(walking.run(0, hidden).getFirst())
          .isEqualTo(fresh.run(0, new ArrayList<>(hidden)).getFirst());
    }
  }

  private static BlockwiseModel open(Path model) {
    return new CpuEngineProvider().openBlockwise(model, EngineOptions.defaults());
  }

  private static List<float[]> inputs(
      BlockwiseModel model, int block, List<float[]> hidden, int stage) {
    List<float[]> seen = new ArrayList<>();
    model.observe(block, hidden, stage, (sequence, rows) -> seen.add(rows.values().clone()));
    return seen;
  }

  private static Matrix halved(Matrix weight) {
    float[] values = weight.values().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] = values[i] / 2 + (i % 3) * 0.001f;
    }
    return new Matrix(weight.rows(), weight.columns(), values);
  }
}
