package dev.quantgate.quantization.format;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.quantization.GptqFormat;
import dev.quantgate.quantization.QuantizationException;
import dev.quantgate.quantization.Scheme;
import dev.quantgate.quantization.file.Bytes;
import dev.quantgate.quantization.file.Json;
import dev.quantgate.quantization.solve.QuantizedLayer;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a Hugging Face folder in the GPTQ format (as AutoGPTQ and GPTQModel do): packed linear
 * layers, everything else as the source has it, both configs, and the tokenizer's files.
 */
public final class CheckpointWriter {
  /** Files beside the weights that a folder needs to be used, or that must travel with it. */
  private static final List<String> COMPANIONS =
      List.of(
          "generation_config.json",
          "tokenizer.json",
          "tokenizer.model",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "chat_template.jinja",
          "chat_template.json",
          "LICENSE",
          "LICENSE.txt",
          "LICENSE.md",
          "NOTICE");

  /** The folder of chat templates with names, which are the tokenizer's too. */
  private static final String TEMPLATES = "additional_chat_templates";

  private CheckpointWriter() {}

  /**
   * Hands over the quantised layers of a block, in the order of {@link Checkpoint.Block#linears}.
   */
  @FunctionalInterface
  public interface Layers {
    List<QuantizedLayer> block(int index) throws IOException;
  }

  /**
   * Writes the folder.
   *
   * @param config what quantize_config.json and config.json's quantization_config say
   * @return bytes of all tensors written
   */
  public static long write(
      Checkpoint source,
      Path sourceFolder,
      Path target,
      Scheme scheme,
      GptqFormat format,
      Map<String, Object> config,
      Layers layers,
      long shardBytes)
      throws IOException {
    List<SafetensorsWriter.Entry> entries = new ArrayList<>();
    entries.add(copy(source.embedding()));
    Pending pending = new Pending(layers);
    for (int b = 0; b < source.blocks().size(); b++) {
      Checkpoint.Block block = source.blocks().get(b);
      entries.add(copy(block.inputNorm()));
      List<Linear> linears = block.linears();
      for (int i = 0; i < linears.size(); i++) {
        entries.addAll(packed(linears.get(i), scheme, format, pending, b, i));
      }
      block.queryNorm().ifPresent(norm -> entries.add(copy(norm)));
      block.keyNorm().ifPresent(norm -> entries.add(copy(norm)));
      entries.add(copy(block.postAttentionNorm()));
    }
    entries.add(copy(source.finalNorm()));
    if (!source.config().tiedEmbeddings() && source.head() instanceof Linear.Dense head) {
      entries.add(copy(head.weight()));
      head.bias().ifPresent(bias -> entries.add(copy(bias)));
    }
    long bytes = SafetensorsWriter.write(target, entries, shardBytes);
    writeConfigs(sourceFolder, target, config);
    copyFiles(sourceFolder, target, COMPANIONS);
    copyFolder(sourceFolder.resolve(TEMPLATES), target.resolve(TEMPLATES));
    return bytes;
  }

  private static void copyFolder(Path source, Path target) throws IOException {
    if (Files.isDirectory(source)) {
      try (Stream<Path> files = Files.list(source)) {
        List<String> names = files.map(file -> file.getFileName().toString()).toList();
        copyFiles(source, Files.createDirectories(target), names);
      }
    }
  }

  private static void copyFiles(Path source, Path target, List<String> names) throws IOException {
    for (String name : names) {
      Path file = source.resolve(name);
      if (Files.isRegularFile(file)) {
        Files.copy(file, target.resolve(name));
      }
    }
  }

  /** What the two config files say of the quantisation. */
  public static Map<String, Object> quantizationConfig(
      Scheme scheme, GptqFormat format, Map<String, Object> meta) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("bits", scheme.bits());
    config.put("group_size", scheme.groupSize());
    config.put("desc_act", false);
    config.put("sym", scheme.symmetric());
    config.put("lm_head", false);
    config.put("quant_method", "gptq");
    config.put("checkpoint_format", format.id());
    config.put("pack_dtype", "int32");
    config.put("meta", meta);
    return config;
  }

  private static void writeConfigs(Path sourceFolder, Path target, Map<String, Object> config)
      throws IOException {
    Json.write(target.resolve("quantize_config.json"), config);
    if (Json.MAPPER.readTree(Files.readAllBytes(sourceFolder.resolve("config.json")))
        instanceof ObjectNode node) {
      node.putPOJO("quantization_config", config);
      Json.write(target.resolve("config.json"), node);
    } else {
      throw new QuantizationException(
          "%s: no JSON object".formatted(sourceFolder.resolve("config.json")));
    }
  }

  private static SafetensorsWriter.Entry copy(Tensor tensor) {
    return new SafetensorsWriter.Entry(
        tensor.name(), tensor.dtype(), tensor.shape(), out -> Bytes.write(out, tensor.data()));
  }

  private static List<SafetensorsWriter.Entry> packed(
      Linear linear, Scheme scheme, GptqFormat format, Pending pending, int block, int index) {
    int inputs = linear.inputs();
    int outputs = linear.outputs();
    int bits = scheme.bits();
    int groups = scheme.groups(inputs);
    List<SafetensorsWriter.Entry> entries = new ArrayList<>();
    entries.add(
        new SafetensorsWriter.Entry(
            linear.name() + ".qweight",
            Tensor.DType.I32,
            new long[] {Packing.words(inputs, bits), outputs},
            out ->
                Bytes.write(
                    out,
                    Packing.alongRows(
                        pending.layer(block, index).codes(), inputs, outputs, bits))));
    entries.add(
        new SafetensorsWriter.Entry(
            linear.name() + ".qzeros",
            Tensor.DType.I32,
            new long[] {groups, Packing.words(outputs, bits)},
            out ->
                Bytes.write(
                    out,
                    Packing.zeros(
                        pending.layer(block, index).zeros(), groups, outputs, bits, format))));
    entries.add(
        new SafetensorsWriter.Entry(
            linear.name() + ".scales",
            Tensor.DType.F16,
            new long[] {groups, outputs},
            out -> Bytes.write(out, pending.layer(block, index).scales())));
    entries.add(
        new SafetensorsWriter.Entry(
            linear.name() + ".g_idx",
            Tensor.DType.I32,
            new long[] {inputs},
            out -> writeTrivialGroups(out, inputs, scheme.groupOf(inputs))));
    linear.bias().ifPresent(bias -> entries.add(copy(bias)));
    return entries;
  }

  private static void writeTrivialGroups(FileChannel out, int inputs, int group)
      throws IOException {
    int[] groups = new int[inputs];
    for (int k = 0; k < inputs; k++) {
      groups[k] = k / group;
    }
    Bytes.write(out, groups);
  }

  /** Holds one block's layers while its tensors are written. */
  private static final class Pending {
    private final Layers layers;
    private int held = -1;
    private List<QuantizedLayer> block = List.of();

    Pending(Layers layers) {
      this.layers = layers;
    }

    QuantizedLayer layer(int index, int linear) throws IOException {
      if (index != held) {
        block = layers.block(index);
        held = index;
      }
      return block.get(linear);
    }
  }
}
