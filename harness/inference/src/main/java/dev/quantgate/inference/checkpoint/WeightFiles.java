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
 * @param tensors by name, of the element types that are computed with
 * @param others the element types of all others by their names
 */
record WeightFiles(
    Path source, List<Path> paths, Map<String, Tensor> tensors, Map<String, String> others) {
  private static final long INDEX_LIMIT = 64 << 20;
  private static final int MAX_SHARDS = 10_000;

  static WeightFiles open(Path folder, Optional<GptqConfig> gptq, Arena arena) {
    Set<String> names = new LinkedHashSet<>();
    gptq.flatMap(GptqConfig::baseName)
        .filter(name -> !name.isEmpty())
        .ifPresent(name -> {
          requirePlainName(gptq.get().file(), name);
          addNames(names, name);
        });
    gptq.ifPresent(config ->
        addNames(names, "gptq_model-%dbit-%dg".formatted(config.bits(), config.groupSize())));
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
        folder,
        "has no weights: none of %s%s".formatted(String.join(", ", names), foundInstead(folder)));
  }

  /** What AutoGPTQ and its successors make of a base name, whole or sharded. */
  private static void addNames(Set<String> names, String base) {
    for (String end :
        List.of(".safetensors", ".bin", ".safetensors.index.json", ".bin.index.json")) {
      names.add(base + end);
    }
  }

  private static String foundInstead(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      List<String> found =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.matches("(?i).*\\.(safetensors|bin|pt|pth|gguf)"))
              .sorted()
              .limit(3)
              .toList();
      return found.isEmpty() ? "" : "; found instead: %s".formatted(String.join(", ", found));
    } catch (IOException e) {
      throw Refusal.unreadable(folder, e);
    }
  }

  private static WeightFiles single(Path file, Arena arena) {
    TensorFile opened = TensorFile.open(file, arena);
    return new WeightFiles(file, List.of(file), opened.tensors(), opened.others());
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
      throw Refusal.damaged(index, "names %d files".formatted(shards.size()));
    }
    List<Path> paths = new ArrayList<>();
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    Map<String, String> others = new LinkedHashMap<>();
    for (String shard : shards) {
      Path path = folder.resolve(shard);
      if (!Files.exists(path)) {
        throw Refusal.damaged(
            index, "names the file %s, which the folder lacks".formatted(Refusal.quoted(shard)));
      }
      paths.add(path);
      TensorFile file = TensorFile.open(path, arena);
      tensors.putAll(file.tensors());
      others.putAll(file.others());
      for (String name : file.names()) {
        if (!shard.equals(shardOf.get(name))) {
          throw Refusal.damaged(
              index,
              "places tensor %s in %s, but it lies in %s"
                  .formatted(
                      Refusal.quoted(name),
                      Refusal.quoted(shardOf.getOrDefault(name, "no file")),
                      Refusal.quoted(shard)));
        }
      }
    }
    shardOf.forEach((name, shard) -> {
      if (!tensors.containsKey(name) && !others.containsKey(name)) {
        throw Refusal.damaged(
            index,
            "places tensor %s in %s, which does not hold it"
                .formatted(Refusal.quoted(name), Refusal.quoted(shard)));
      }
    });
    return new WeightFiles(index, List.copyOf(paths), tensors, others);
  }

  /** A file name out of a file must not lead out of the folder. */
  private static void requirePlainName(Path file, String name) {
    if (name.isEmpty()
        || name.length() > 255
        || name.startsWith(".")
        || name.chars().anyMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ')) {
      throw Refusal.damaged(
          file, "names the file %s, which is no plain file name".formatted(Refusal.quoted(name)));
    }
  }
}
