package dev.quantgate.inference.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * The files that hold a folder's weights, by the names that transformers, AutoGPTQ and GPTQModel
 * give them, and all their tensors.
 *
 * @param source the file of weights, or the index of several
 * @param paths the files, in the order of their names
 * @param tensors by name
 */
record WeightFiles(Path source, List<Path> paths, Map<String, Tensor> tensors) {
  private static final long INDEX_LIMIT = 64 << 20;
  private static final int MAX_SHARDS = 10_000;

  static WeightFiles open(Path folder, Optional<GptqConfig> gptq, Arena arena) {
    Set<String> names = new LinkedHashSet<>();
    gptq.flatMap(GptqConfig::baseName)
        .filter(name -> !name.isEmpty())
        .ifPresent(name -> {
          requirePlainName(gptq.get().file(), name);
          names.add(name + ".safetensors");
          names.add(name + ".bin");
        });
    gptq.ifPresent(config -> {
      String name = "gptq_model-" + config.bits() + "bit-" + config.groupSize() + "g";
      names.add(name + ".safetensors");
      names.add(name + ".bin");
    });
    names.addAll(
        List.of(
            "model.safetensors",
            "model.safetensors.index.json",
            "pytorch_model.bin",
            "pytorch_model.bin.index.json"));
    for (String name : names) {
      Path file = folder.resolve(name);
      if (Files.exists(file)) {
        return name.endsWith(".json") ? sharded(folder, file, arena) : single(file, arena);
      }
    }
    throw Refusal.damaged(
        folder, "has no weights: none of " + String.join(", ", names) + others(folder));
  }

  private static String others(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      List<String> found =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.matches("(?i).*\\.(safetensors|bin|pt|pth|gguf)"))
              .sorted()
              .limit(3)
              .toList();
      return found.isEmpty() ? "" : "; found instead: " + String.join(", ", found);
    } catch (IOException e) {
      throw Refusal.unreadable(folder, e);
    }
  }

  private static WeightFiles single(Path file, Arena arena) {
    TensorFile opened = TensorFile.open(file, arena);
    return new WeightFiles(file, List.of(file), opened.tensors());
  }

  private static WeightFiles sharded(Path folder, Path index, Arena arena) {
    JsonObject map =
        JsonObject.read(index, INDEX_LIMIT)
            .object("weight_map")
            .orElseThrow(() -> Refusal.damaged(index, "has no \"weight_map\""));
    Map<String, String> shardOf = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : map.entries().entrySet()) {
      if (!entry.getValue().isString()) {
        throw map.wrong(entry.getKey(), "a file name", entry.getValue());
      }
      String shard = entry.getValue().stringValue();
      requirePlainName(index, shard);
      shardOf.put(entry.getKey(), shard);
    }
    Set<String> shards = new TreeSet<>(shardOf.values());
    if (shards.isEmpty() || shards.size() > MAX_SHARDS) {
      throw Refusal.damaged(index, "names " + shards.size() + " files");
    }
    List<Path> paths = new ArrayList<>();
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (String shard : shards) {
      Path path = folder.resolve(shard);
      if (!Files.isRegularFile(path)) {
        throw Refusal.damaged(
            index, "names the file " + Refusal.quoted(shard) + ", which the folder lacks");
      }
      paths.add(path);
      TensorFile.open(path, arena)
          .tensors()
          .forEach((name, tensor) -> {
            if (!shard.equals(shardOf.get(name))) {
              throw Refusal.damaged(
                  index,
                  "places tensor "
                      + Refusal.quoted(name)
                      + " in "
                      + Refusal.quoted(shardOf.getOrDefault(name, "no file"))
                      + ", but it lies in "
                      + Refusal.quoted(shard));
            }
            tensors.put(name, tensor);
          });
    }
    shardOf.forEach((name, shard) -> {
      if (!tensors.containsKey(name)) {
        throw Refusal.damaged(
            index,
            "places tensor "
                + Refusal.quoted(name)
                + " in "
                + Refusal.quoted(shard)
                + ", which does not hold it");
      }
    });
    return new WeightFiles(index, List.copyOf(paths), tensors);
  }

  /** A file name out of a file must not lead out of the folder. */
  private static void requirePlainName(Path file, String name) {
    if (name.isEmpty()
        || name.length() > 255
        || name.startsWith(".")
        || name.chars().anyMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ')) {
      throw Refusal.damaged(
          file, "names the file " + Refusal.quoted(name) + ", which is no plain file name");
    }
  }
}
