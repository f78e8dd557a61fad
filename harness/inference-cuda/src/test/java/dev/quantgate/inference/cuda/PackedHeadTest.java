package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.cpu.Oracle;
import dev.quantgate.inference.engine.Ask;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.inference.engine.Slice;
import dev.quantgate.inference.engine.StepExecutor;
import dev.quantgate.inference.fixture.RandomCheckpoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A head that is packed as the layers are, and vocabularies taller than a grid. */
class PackedHeadTest {
  private static final int VOCABULARY = 600;

  @BeforeAll
  static void useTheStandIn() {
    StandIn.use();
  }

  @AfterEach
  void anH100Again() {
    StandIn.device(0);
  }

  /** A checkpoint with another head, which has a larger vocabulary than there are embeddings. */
  private record OtherHead(Checkpoint of, Linear head) implements Checkpoint {
    @Override
    public ModelConfig config() {
      return TinyConfig.withVocabulary(of.config(), head.outputs());
    }

    @Override
    public Tensor embedding() {
      return of.embedding();
    }

    @Override
    public List<Block> blocks() {
      return of.blocks();
    }

    @Override
    public Tensor finalNorm() {
      return of.finalNorm();
    }

    @Override
    public long weightBytes() {
      return of.weightBytes();
    }

    @Override
    public String weightFormat() {
      return of.weightFormat();
    }

    @Override
    public String weightsSha256() {
      return of.weightsSha256();
    }

    @Override
    public String configSha256() {
      return of.configSha256();
    }

    @Override
    public void close() {
      of.close();
    }
  }

  private static List<float[]> logits(StepExecutor executor, int rows) {
    int[] tokens = new SplittableRandom(2).ints(rows, 0, RandomCheckpoint.VOCABULARY).toArray();
    int[] pages = IntStream.range(0, Math.ceilDiv(rows, executor.pageTokens())).toArray();
    var found = new ArrayList<float[]>();
    var asks = new ArrayList<Ask>();
    for (int at = 0; at < rows; at++) {
      asks.add(
          new Ask.WholeRow(
              at,
              (row, offset, argmax) ->
                  found.add(Arrays.copyOfRange(row, offset, offset + VOCABULARY))));
    }
    executor.step(List.of(new Slice(pages, tokens, 0, rows, asks)));
    return found;
  }

  /** In act-order, by rows enough that it is dequantised where there are no warpgroup products. */
  @ParameterizedTest
  @CsvSource({"9,0,232448,true", "8,6,101376,true", "8,6,101376,false"})
  void aPackedHeadGivesTheOraclesLogits(int major, int minor, int shared, boolean actOrder) {
    StandIn.device(0, major, minor, shared);
    RandomCheckpoint.Shape shape =
        RandomCheckpoint.shapes().stream()
            .filter(each -> each.name().equals("int4 group 64 symmetric"))
            .findFirst()
            .orElseThrow();
    Linear head = GptqMatrix.gptq(4, 128, VOCABULARY, 64, actOrder);
    try (var checkpoint = new OtherHead(new RandomCheckpoint(shape, 3), head);
        DeviceSession session = StandIn.session();
        StepExecutor oracle = Oracle.of(checkpoint)) {
      DeviceModel model =
          DeviceModel.load(
              session.context(), session.kernels(), session.stream(), checkpoint, "packed head");
      var plan = new MemoryPlan("--gpu-memory", 1, 1, Forward.pageBytes(checkpoint.config()), 4);
      try (var executor =
          new CudaExecutor(
              session.context(), session.kernels(), session.stream(), model, plan, 128, true)) {
        List<float[]> expected = logits(oracle, 80);
        List<float[]> found = logits(executor, 80);
        assertThat(found).hasSameSizeAs(expected);
        for (int r = 0; r < expected.size(); r++) {
          for (int i = 0; i < VOCABULARY; i++) {
            double want = expected.get(r)[i];
            assertThat((double) found.get(r)[i])
                .as("row %d, token %d", r, i)
                .isCloseTo(want, within(6e-2 * (1 + Math.abs(want))));
          }
        }
      }
    }
  }

  @Test
  void anInt4HeadTakesItsShareOfTheWorkingMemory() {
    RandomCheckpoint.Shape plain =
        RandomCheckpoint.shapes().stream()
            .filter(each -> each.name().equals("three to one f16"))
            .findFirst()
            .orElseThrow();
    Linear head = GptqMatrix.gptq(4, 96, 4096, 32, false);
    try (var packed = new OtherHead(new RandomCheckpoint(plain, 3), head)) {
      assertThat(Workspace.largestInt4(packed.of())).isZero();
      assertThat(Workspace.largestInt4(packed))
          .isEqualTo(PackedMatrix.bytes(WeightFormat.F16, 96, 4096));
    }
  }

  /** Groups of 16 are packed in 16 bits, by way of a matrix of as many rows as there are tokens. */
  @Test
  void aVocabularyTallerThanAGridIsUnpacked() {
    Linear.Gptq tall = GptqMatrix.gptq(6, 32, 65_608, 16, false);
    try (DeviceSession session = StandIn.session()) {
      assertThat(new KernelChecks(session).control("tall", tall, tall, 1).error())
          .isLessThan(KernelChecks.TOLERANCE);
    }
  }
}
