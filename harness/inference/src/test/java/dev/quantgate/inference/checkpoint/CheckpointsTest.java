package dev.quantgate.inference.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CheckpointsTest {
  private static final ValueLayout.OfShort HALF =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void everyFormatOpensWithTheShapesOfItsConfig(Format format) {
    try (Checkpoint checkpoint = Checkpoints.open(TinyCheckpoint.write(folder, 1, format))) {
      assertThat(checkpoint.embedding().shape())
          .containsExactly(TinyCheckpoint.VOCABULARY, TinyCheckpoint.HIDDEN);
      assertThat(checkpoint.blocks()).hasSize(TinyCheckpoint.LAYERS);
      for (Checkpoint.Block block : checkpoint.blocks()) {
        assertThat(block.key().outputs())
            .isEqualTo(TinyCheckpoint.KEY_VALUE_HEADS * TinyCheckpoint.HEAD_SIZE);
        assertThat(block.down().inputs()).isEqualTo(TinyCheckpoint.INTERMEDIATE);
        assertThat(block.queryNorm()).isEmpty();
      }
      assertThat(checkpoint.weightFormat())
          .isEqualTo(
              switch (format) {
                case F32 -> "F32";
                case BF16 -> "BF16";
                case F16, F16_SHARDED, F16_BIN -> "F16";
                case GPTQ_SYMMETRIC -> "int4 g32 sym";
                case GPTQ_ASYMMETRIC_V2 -> "int4 g32 asym";
                case GPTQ_ACT_ORDER -> "int4 g32 asym act-order";
                case GPTQ_WHOLE_COLUMN_BIN -> "int4 whole-column sym";
              });
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F16_SHARDED", "F16_BIN"})
  void theSameWeightsInAnotherContainerAreTheSameBits(Format format) {
    try (Checkpoint one =
            Checkpoints.open(TinyCheckpoint.write(folder.resolve("one"), 7, Format.F16));
        Checkpoint other =
            Checkpoints.open(TinyCheckpoint.write(folder.resolve("other"), 7, format))) {
      assertThat(other.weightBytes()).isEqualTo(one.weightBytes());
      for (int i = 0; i < TinyCheckpoint.LAYERS; i++) {
        Linear.Dense expected = (Linear.Dense) one.blocks().get(i).gate();
        Linear.Dense found = (Linear.Dense) other.blocks().get(i).gate();
        assertThat(found.weight().data().mismatch(expected.weight().data())).isEqualTo(-1);
      }
      assertThat(other.embedding().data().mismatch(one.embedding().data())).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @EnumSource(names = "GPTQ_.*", mode = EnumSource.Mode.MATCH_ALL)
  void unpackedWeightsLieWithinHalfAStepOfWhatWasPacked(Format format) {
    try (Checkpoint plain =
            Checkpoints.open(TinyCheckpoint.write(folder.resolve("plain"), 3, Format.F16));
        Checkpoint packed =
            Checkpoints.open(TinyCheckpoint.write(folder.resolve("packed"), 3, format))) {
      Linear.Gptq found = (Linear.Gptq) packed.blocks().get(1).down();
      Linear.Dense expected = (Linear.Dense) plain.blocks().get(1).down();
      short[] halves = Dequantizer.halves(found);
      assertThat(halves).hasSize(found.outputs() * found.inputs());
      for (int n = 0; n < found.outputs(); n++) {
        for (int k = 0; k < found.inputs(); k++) {
          int at = n * found.inputs() + k;
          float scale = Dequantizer.scale(found, Dequantizer.group(found, k), n);
          assertThat(Float.float16ToFloat(halves[at]))
              .as("output %d, input %d", n, k)
              .isCloseTo(
                  Float.float16ToFloat(expected.weight().data().get(HALF, 2L * at)),
                  within(1.1f * scale));
        }
      }
    }
  }

  @Test
  void sumsTellFoldersApartAndNothingElse() throws Exception {
    TinyCheckpoint.write(folder.resolve("a"), 1, Format.F16);
    TinyCheckpoint.write(folder.resolve("b"), 1, Format.F16);
    TinyCheckpoint.write(folder.resolve("c"), 2, Format.F16);
    Files.writeString(folder.resolve("b/README.md"), "not a weight");
    try (Checkpoint a = Checkpoints.open(folder.resolve("a"));
        Checkpoint b = Checkpoints.open(folder.resolve("b"));
        Checkpoint c = Checkpoints.open(folder.resolve("c"))) {
      assertThat(a.weightsSha256())
          .hasSize(64)
          .isEqualTo(b.weightsSha256())
          .isNotEqualTo(c.weightsSha256());
      assertThat(a.configSha256())
          .hasSize(64)
          .isEqualTo(b.configSha256())
          .isEqualTo(c.configSha256());
    }
  }

  @Test
  void aFolderOfShardsHasASumOfItsOwn() {
    try (Checkpoint sharded =
        Checkpoints.open(TinyCheckpoint.write(folder, 1, Format.F16_SHARDED))) {
      assertThat(sharded.weightsSha256()).hasSize(64);
    }
  }
}
