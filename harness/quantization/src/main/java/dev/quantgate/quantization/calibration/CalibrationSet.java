package dev.quantgate.quantization.calibration;

import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.tokenizer.Tokenizer;
import dev.quantgate.inference.tokenizer.Tokenizers;
import dev.quantgate.quantization.Calibration;
import dev.quantgate.quantization.ProgressListener;
import dev.quantgate.quantization.QuantizationException;
import dev.quantgate.quantization.QuantizationRequest;
import dev.quantgate.quantization.file.Json;
import java.io.IOException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The sequences of token ids that a model is calibrated on.
 *
 * @param sequences none of them empty
 * @param sha256 over the ids, as JSON; empty where there are none
 */
public record CalibrationSet(List<List<Integer>> sequences, String sha256) {
  public static final String ALIGNED_FILE = "aligned-calibration.jsonl";

  /** A calibration file is text that somebody can read; more than this is a mistake. */
  private static final long MAX_FILE_BYTES = 1L << 30;

  public static CalibrationSet none() {
    return new CalibrationSet(List.of(), "");
  }

  static CalibrationSet of(List<List<Integer>> sequences) {
    return new CalibrationSet(
        sequences, sha256(Json.compact(sequences).getBytes(StandardCharsets.UTF_8)));
  }

  public long tokens() {
    return sequences.stream().mapToLong(List::size).sum();
  }

  /** Makes the sequences that a request asks for. */
  public static CalibrationSet prepare(
      QuantizationRequest request, Path work, ProgressListener progress) throws IOException {
    List<List<Integer>> sequences =
        switch (request.calibration()) {
          case Calibration.None none -> List.of();
          case Calibration.Tokens(List<List<Integer>> given) -> given;
          case Calibration.TextFile(Path file, int count, int length) -> {
            try (Tokenizer tokenizer = Tokenizers.open(request.model())) {
              yield fromFile(file, count, length, tokenizer);
            }
          }
          case Calibration.Aligned aligned ->
              Alignment.sequences(request, aligned, work.resolve(ALIGNED_FILE), progress);
        };
    sequences = sequences.stream().filter(sequence -> !sequence.isEmpty()).toList();
    if (sequences.isEmpty()) {
      throw new QuantizationException("the calibration has no tokens");
    }
    return of(sequences);
  }

  /** What a calibration adds to a job's identity: its settings and the content of its file. */
  public static Map<String, String> identity(Calibration calibration) throws IOException {
    Map<String, String> identity = new LinkedHashMap<>();
    switch (calibration) {
      case Calibration.None none -> identity.put("calibration", "none");
      case Calibration.Tokens tokens ->
          identity.put("calibration", "tokens %s".formatted(of(tokens.sequences()).sha256()));
      case Calibration.TextFile(Path file, int sequences, int length) -> {
        identity.put("calibration", "file %s".formatted(sha256(read(file))));
        identity.put("calibrationSize", "%s x %s".formatted(sequences, length));
        identity.put("calibrationKind", isJsonLines(file) ? "jsonl" : "text");
      }
      case Calibration.Aligned aligned -> {
        identity.put("calibration", "aligned %s".formatted(sha256(read(aligned.questions()))));
        identity.put("calibrationSize", "%s x %s".formatted(aligned.sequences(), aligned.length()));
        identity.put("calibrationKind", isJsonLines(aligned.questions()) ? "jsonl" : "text");
        identity.put("decoding", "%s, seed %d".formatted(aligned.decoding(), aligned.seed()));
      }
    }
    return identity;
  }

  static boolean isJsonLines(Path file) {
    return file.getFileName().toString().endsWith(".jsonl");
  }

  private static List<List<Integer>> fromFile(
      Path file, int sequences, int length, Tokenizer tokenizer) throws IOException {
    if (isJsonLines(file)) {
      List<List<Integer>> documents = new ArrayList<>();
      for (ObjectNode line : spread(jsonLines(file), sequences)) {
        List<Integer> ids = ids(line, tokenizer, file);
        documents.add(List.copyOf(ids.subList(0, Math.min(length, ids.size()))));
      }
      return documents;
    }
    List<Integer> ids = tokenizer.encode(text(file)).ids();
    List<List<Integer>> pieces = new ArrayList<>();
    for (int from = 0; from + length <= ids.size(); from += length) {
      pieces.add(List.copyOf(ids.subList(from, from + length)));
    }
    if (pieces.isEmpty()) {
      pieces.add(ids);
    }
    return spread(pieces, sequences);
  }

  /** Takes {@code count} at even distances, the first one among them. */
  public static <T> List<T> spread(List<T> all, int count) {
    if (all.size() <= count) {
      return all;
    }
    List<T> taken = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      taken.add(all.get((int) ((long) i * all.size() / count)));
    }
    return taken;
  }

  private static List<Integer> ids(ObjectNode line, Tokenizer tokenizer, Path file) {
    if (line.path("tokens").isArray()
        && line.path("tokenizerSha256").asString("").equals(tokenizer.sha256())) {
      List<Integer> ids = new ArrayList<>();
      for (JsonNode id : line.get("tokens")) {
        if (!id.isIntegralNumber() || !id.canConvertToInt()) {
          throw new QuantizationException(
              "%s: expected whole token ids under \"tokens\", found %s"
                  .formatted(file, id.isContainer() ? "a list or object" : id));
        }
        ids.add(id.intValue());
      }
      return ids;
    }
    return tokenizer.encode(document(line, file)).ids();
  }

  /** The text of a line, by the fields that data sets have. */
  private static String document(ObjectNode line, Path file) {
    if (line.path("text").isString()) {
      return line.get("text").asString();
    }
    for (String[] pair :
        new String[][] {
          {"question", "answer"},
          {"prompt", "canonical_solution"},
          {"prompt", "completion"},
          {"instruction", "output"}
        }) {
      if (line.path(pair[0]).isString() && line.path(pair[1]).isString()) {
        String between = pair[0].equals("prompt") ? "" : "\n";
        return line.get(pair[0]).asString() + between + line.get(pair[1]).asString();
      }
    }
    throw new QuantizationException(
        ("%s: a line has neither \"text\" nor question and answer (or prompt and "
                + "canonical_solution or completion, or instruction and output); it has %s")
            .formatted(file, line.propertyNames()));
  }

  /** The lines of a JSON Lines file that are not blank, each an object. */
  static List<ObjectNode> jsonLines(Path file) throws IOException {
    List<ObjectNode> lines = new ArrayList<>();
    int number = 0;
    for (String line : text(file).split("\n", -1)) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      try {
        JsonNode node = Json.MAPPER.readTree(line);
        if (!(node instanceof ObjectNode object)) {
          throw new QuantizationException("%s:%d: no JSON object".formatted(file, number));
        }
        lines.add(object);
      } catch (JacksonException e) {
        throw new QuantizationException(
            "%s:%d: no valid JSON: %s".formatted(file, number, e.getOriginalMessage()), e);
      }
    }
    if (lines.isEmpty()) {
      throw new QuantizationException("%s has no lines".formatted(file));
    }
    return lines;
  }

  public static String text(Path file) throws IOException {
    return StandardCharsets.UTF_8
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPLACE)
        .onUnmappableCharacter(CodingErrorAction.REPLACE)
        .decode(java.nio.ByteBuffer.wrap(read(file)))
        .toString();
  }

  private static byte[] read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new QuantizationException("there is no calibration file %s".formatted(file));
    }
    if (Files.size(file) > MAX_FILE_BYTES) {
      throw new QuantizationException(
          "%s has %d bytes; a calibration file may have %d at most"
              .formatted(file, Files.size(file), MAX_FILE_BYTES));
    }
    return Files.readAllBytes(file);
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The hidden states that block 0 gets. */
  List<float[]> embed(BlockwiseModel model) {
    return sequences.stream().map(model::embed).toList();
  }
}
