package dev.quantgate.inference.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.fixture.RawTensor;
import dev.quantgate.inference.fixture.SafetensorsWriter;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The three ways to store zero points, told by format and writer. */
class ZeroPointsTest {
  private static final String LAYER = "model.layers.0.self_attn.q_proj";

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void whatIsEncodedIsDecoded(ZeroPoints way) {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 10_000; i++) {
      int zeros = random.nextInt();
      assertThat(way.decode(way.encode(zeros))).isEqualTo(zeros);
    }
  }

  @Test
  void aZeroPointOfZeroBorrowsFromItsNeighbourOnlyWhereTheWordIsSubtractedFrom() {
    assertThat(ZeroPoints.STORED.encode(0x88888808)).isEqualTo(0x88888808);
    assertThat(ZeroPoints.LESS_ONE_PER_FIELD.encode(0x88888808)).isEqualTo(0x777777F7);
    assertThat(ZeroPoints.LESS_ONE_PER_WORD.encode(0x88888808)).isEqualTo(0x777776F7);
  }

  /** A symmetric folder whose stored words are replaced, with what its config says. */
  private void write(int word, boolean symmetric, String format, Object quantizer)
      throws IOException {
    TinyCheckpoint.write(folder, 1, Format.GPTQ_SYMMETRIC);
    Map<String, RawTensor> tensors =
        new LinkedHashMap<>(TinyCheckpoint.tensors(1, Format.GPTQ_SYMMETRIC));
    tensors.replaceAll((name, tensor) -> {
      if (!name.endsWith(".qzeros")) {
        return tensor;
      }
      int[] words = new int[tensor.data().length / 4];
      Arrays.fill(words, word);
      return RawTensor.of(words, tensor.shape().toArray(Integer[]::new));
    });
    SafetensorsWriter.write(folder.resolve("model.safetensors"), tensors);
    Map<String, Object> config = TinyCheckpoint.config(Format.GPTQ_SYMMETRIC);
    config.remove("quantization_config");
    TinyCheckpoint.write(folder.resolve("config.json"), config);
    Map<String, Object> quantization = new LinkedHashMap<>();
    quantization.put("bits", 4);
    quantization.put("group_size", 32);
    quantization.put("sym", symmetric);
    quantization.put("checkpoint_format", format);
    if (!quantizer.equals("")) {
      quantization.put("meta", Map.of("quantizer", quantizer));
    }
    TinyCheckpoint.write(folder.resolve("quantize_config.json"), quantization);
  }

  private int[] firstZeros() {
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      Linear.Gptq query = (Linear.Gptq) checkpoint.blocks().getFirst().query();
      int[] zeros = new int[8];
      for (int n = 0; n < 8; n++) {
        zeros[n] = Dequantizer.zero(query, 1, n);
      }
      return zeros;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gptqmodel:7.7.0, 8",
    "gptqmodel:0.9.0, 8",
    "GPTQModel:1.0, 8",
    "auto_gptq:0.8.0.dev0+cu121, 8",
    "quantgate:0.1.0-SNAPSHOT, 8",
    "gptqmodel:0.8.7, 7",
    "auto_gptq:0.7.1, 7",
    "autogptq:0.5.0, 7",
    "quantgate:0.1, 7"
  })
  void theWriterTellsWhetherABorrowCrossesFields(String writer, int third) throws IOException {
    // 0x777776F7 is 8, 0, 8, ... with a borrow from the third field, or 8, 0, 7, 8, ... without.
    write(0x777776F7, false, "gptq", List.of("optimum:1.24.0", writer));
    assertThat(firstZeros()).containsExactly(8, 0, third, 8, 8, 8, 8, 8);
  }

  @Test
  void aWriterMayBeNamedWithoutAList() throws IOException {
    write(0x777776F7, false, "gptq", "gptqmodel:2.0.0");
    assertThat(firstZeros()).containsExactly(8, 0, 8, 8, 8, 8, 8, 8);
  }

  @ParameterizedTest
  @CsvSource({"''", "somebody:1.0", "gptqmodel:dev"})
  void whoeverWroteItWordsWithoutAZeroPointOfZeroAreRead(String writer) throws IOException {
    write(0x01234567, false, "gptq", writer);
    assertThat(firstZeros()).containsExactly(8, 7, 6, 5, 4, 3, 2, 1);
  }

  @ParameterizedTest
  @CsvSource({"''", "somebody:1.0", "gptqmodel:dev"})
  void aZeroPointOfZeroByAnUnknownWriterIsRefused(String writer) throws IOException {
    write(0x777776F7, false, "gptq", writer);
    refused(
        "q_proj.qzeros\" has zero points of 0 in format \"gptq\"",
        "its packer is not known (\"meta.quantizer\" of quantize_config.json or config.json)",
        "store it as \"gptq_v2\"");
  }

  @Test
  void writersThatContradictEachOtherAreNotKnown() throws IOException {
    write(0x777776F7, false, "gptq", List.of("gptqmodel:7.7.0", "auto_gptq:0.7.1"));
    refused("has zero points of 0");
  }

  @ParameterizedTest
  @CsvSource({
    "-2004318072, gptq, 9, 'it looks like checkpoint_format \"gptq_v2\", not \"gptq\"'",
    "2004318071, gptq_v2, 7, 'it looks like checkpoint_format \"gptq\", not \"gptq_v2\"'",
    "2004318067, gptq, 4, 'if the file is asymmetric, say \"sym\": false'"
  })
  void aSymmetricFileWhoseZeroPointsAreNotEightIsRefused(
      int word, String format, int found, String hint) throws IOException {
    write(word, true, format, "gptqmodel:7.7.0");
    refused("%s.qzeros\" holds a zero point of %d".formatted(LAYER, found), hint);
  }

  /** Writes config.json with a quantization_config beside quantize_config.json. */
  private void beside(Map<String, Object> inner) throws IOException {
    Map<String, Object> config = TinyCheckpoint.config(Format.GPTQ_SYMMETRIC);
    Map<String, Object> quantization = new LinkedHashMap<>(inner);
    quantization.put("quant_method", "gptq");
    quantization.put("bits", 4);
    quantization.put("group_size", 32);
    config.put("quantization_config", quantization);
    TinyCheckpoint.write(folder.resolve("config.json"), config);
  }

  /** Takes keys out of quantize_config.json. */
  private void outer(Map<String, Object> stated) throws IOException {
    Map<String, Object> quantization = new LinkedHashMap<>(stated);
    quantization.put("bits", 4);
    quantization.put("group_size", 32);
    TinyCheckpoint.write(folder.resolve("quantize_config.json"), quantization);
  }

  @Test
  void whatOneOfTwoConfigsLeavesOutTheOtherSays() throws IOException {
    write(0x777776F7, false, "gptq", "");
    outer(Map.of());
    beside(
        Map.of(
            "sym",
            false,
            "checkpoint_format",
            "gptq",
            "meta",
            Map.of("quantizer", List.of("gptqmodel:7.7.0"))));
    assertThat(firstZeros()).containsExactly(8, 0, 8, 8, 8, 8, 8, 8);

    outer(Map.of("meta", Map.of("quantizer", "auto_gptq:0.7.1")));
    beside(Map.of("sym", false));
    assertThat(firstZeros()).containsExactly(8, 0, 7, 8, 8, 8, 8, 8);
  }

  @Test
  void aFormatThatOnlyConfigJsonNamesCounts() throws IOException {
    write(0x77777707, false, "gptq", "");
    outer(Map.of("sym", false));
    beside(Map.of("checkpoint_format", "gptq_v2"));
    assertThat(firstZeros()).containsExactly(7, 0, 7, 7, 7, 7, 7, 7);
  }

  @Test
  void twoConfigsThatContradictEachOtherAreRefusedWithBothPlacesAndValues() throws IOException {
    write(0x77777777, true, "gptq", "");
    String inner = "quantization_config of config.json says";
    outer(Map.of("sym", true));
    beside(Map.of("sym", false));
    refused("quantize_config.json: says sym true, but %s sym false".formatted(inner));

    outer(Map.of("checkpoint_format", "gptq"));
    beside(Map.of("format", "gptq_v2"));
    refused(
        "says checkpoint format \"gptq\", but %s checkpoint format \"gptq_v2\"".formatted(inner));

    outer(Map.of("meta", Map.of("quantizer", List.of("gptqmodel:7.7.0"))));
    beside(Map.of("meta", Map.of("quantizer", "auto_gptq:0.7.1")));
    refused("says meta.quantizer \"gptqmodel:7.7.0\", but %s \"auto_gptq:0.7.1\"".formatted(inner));
  }

  @Test
  void aPackerThatOnlyOneOfTwoConfigsKnowsIsNotKnown() throws IOException {
    write(0x777776F7, false, "gptq", "gptqmodel:7.7.0");
    beside(Map.of("sym", false, "meta", Map.of("quantizer", "somebody:1.0")));
    refused("its packer is not known");
  }

  @Test
  void aSymmetryThatNobodyStatesIsNotSaidToBeStated() throws IOException {
    write(0x77777775, true, "gptq", "gptqmodel:7.7.0");
    outer(Map.of());
    refused("quantize_config.json does not say \"sym\": false");
  }

  private void refused(String... parts) {
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> Checkpoints.open(folder).close())
        .satisfies(refusal -> assertThat(refusal.getMessage()).contains(parts).hasLineCount(1));
  }
}
