package dev.quantgate.quantization.calibration;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.GenerationRequest;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.RenderedPrompt;
import dev.quantgate.inference.tokenizer.Tokenizer;
import dev.quantgate.inference.tokenizer.Tokenizers;
import dev.quantgate.quantization.Calibration;
import dev.quantgate.quantization.ProgressListener;
import dev.quantgate.quantization.QuantizationException;
import dev.quantgate.quantization.QuantizationRequest;
import dev.quantgate.quantization.StepProgress;
import dev.quantgate.quantization.file.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Distribution alignment (CodeFuse): the model to be quantised answers questions, and what it is
 * calibrated on are the questions with its own answers, in its own chat format. Its activations on
 * such text are the ones it will have in use.
 *
 * <p>Answers are made in batches of 32 and kept as they come, so that a killed job asks only the
 * rest. The numbers of an answer do not depend on the batch; a sampled answer's randomness hangs on
 * its place in its batch, so batches are the same after a resumption.
 */
final class Alignment {
  private static final int BATCH = 32;

  private Alignment() {}

  /**
   * The sequences, and the file of them: one JSON object for each question with {@code question},
   * {@code answer}, the whole {@code text}, its {@code tokens} and the {@code tokenizerSha256} that
   * they belong to.
   */
  static List<List<Integer>> sequences(
      QuantizationRequest request,
      Calibration.Aligned aligned,
      Path file,
      ProgressListener progress)
      throws IOException {
    List<Question> questions =
        CalibrationSet.spread(questions(aligned.questions()), aligned.sequences());
    if (!Files.exists(file)) {
      answer(request, aligned, questions, file, progress);
    }
    List<List<Integer>> sequences = new ArrayList<>();
    for (ObjectNode line : CalibrationSet.jsonLines(file)) {
      List<Integer> ids = new ArrayList<>();
      line.get("tokens").forEach(id -> ids.add(id.asInt()));
      sequences.add(ids);
    }
    return sequences;
  }

  /**
   * What is asked.
   *
   * @param chat the conversation, empty for a text that is to be continued as it is
   * @param text the question as plain text
   */
  private record Question(List<Prompt.Message> chat, String text) {
    Prompt prompt(boolean chatTemplate) {
      return chatTemplate && !chat.isEmpty() ? new Prompt.Chat(chat, "") : new Prompt.Text(text);
    }
  }

  private static List<Question> questions(Path file) throws IOException {
    List<Question> questions = new ArrayList<>();
    if (!CalibrationSet.isJsonLines(file)) {
      for (String line : CalibrationSet.text(file).lines().toList()) {
        if (!line.isBlank()) {
          questions.add(user(line.strip()));
        }
      }
      if (questions.isEmpty()) {
        throw new QuantizationException("%s has no questions".formatted(file));
      }
      return questions;
    }
    for (ObjectNode line : CalibrationSet.jsonLines(file)) {
      questions.add(question(line, file));
    }
    return questions;
  }

  private static Question user(String text) {
    return new Question(List.of(new Prompt.Message("user", text)), text);
  }

  private static Question question(ObjectNode line, Path file) {
    if (line.path("messages").isArray()) {
      List<Prompt.Message> messages = new ArrayList<>();
      StringBuilder text = new StringBuilder();
      for (JsonNode message : line.get("messages")) {
        String content = message.path("content").asString("");
        messages.add(new Prompt.Message(message.path("role").asString("user"), content));
        text.append(content).append('\n');
      }
      return new Question(messages, text.toString());
    }
    for (String key : List.of("question", "instruction")) {
      if (line.path(key).isString()) {
        return user(line.get(key).asString());
      }
    }
    if (line.path("prompt").isString()) {
      return new Question(List.of(), line.get("prompt").asString());
    }
    throw new QuantizationException(
        ("%s: a line has none of \"messages\", \"question\", \"instruction\", \"prompt\"; it "
                + "has %s")
            .formatted(file, line.propertyNames()));
  }

  private static void answer(
      QuantizationRequest request,
      Calibration.Aligned aligned,
      List<Question> questions,
      Path file,
      ProgressListener progress)
      throws IOException {
    int batches = Math.ceilDiv(questions.size(), BATCH);
    StepProgress step =
        new StepProgress("answering calibration questions", questions.size(), progress);
    try (LanguageModel model =
            Engines.find(request.engine()).load(request.model(), request.engineOptions());
        Tokenizer tokenizer = Tokenizers.open(request.model())) {
      for (int b = 0; b < batches; b++) {
        Path part = file.resolveSibling(String.format("aligned-%05d.jsonl", b));
        List<Question> batch =
            questions.subList(b * BATCH, Math.min(questions.size(), (b + 1) * BATCH));
        if (Files.exists(part)) {
          step.skip(batch.size());
          continue;
        }
        AtomicFile.write(
            part, answer(model, tokenizer, aligned, batch, b).getBytes(StandardCharsets.UTF_8));
        step.done(batch.size());
      }
    }
    StringBuilder all = new StringBuilder();
    for (int b = 0; b < batches; b++) {
      all.append(Files.readString(file.resolveSibling(String.format("aligned-%05d.jsonl", b))));
    }
    AtomicFile.write(file, all.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** The lines of one batch. Questions that leave no room for an answer are left out. */
  private static String answer(
      LanguageModel model,
      Tokenizer tokenizer,
      Calibration.Aligned aligned,
      List<Question> batch,
      int index) {
    Decoding asked = aligned.decoding();
    List<GenerationRequest> requests = new ArrayList<>();
    List<Question> kept = new ArrayList<>();
    List<RenderedPrompt> rendered = new ArrayList<>();
    boolean chat = model.capabilities().chatTemplate();
    List<Prompt> asPrompts = batch.stream().map(question -> question.prompt(chat)).toList();
    List<RenderedPrompt> seen = model.renderAll(asPrompts);
    for (int i = 0; i < batch.size(); i++) {
      if (ids(seen.get(i)).size() + 1 < aligned.length()) {
        requests.add(
            new GenerationRequest(asPrompts.get(i), aligned.seed() + (long) index * BATCH + i));
        kept.add(batch.get(i));
        rendered.add(seen.get(i));
      }
    }
    Decoding decoding =
        new Decoding(
            Math.min(asked.maxNewTokens(), aligned.length() - 1),
            asked.temperature(),
            asked.topP(),
            asked.stop(),
            asked.stopAtEos());
    List<Outcome<Generation>> answers =
        requests.isEmpty() ? List.of() : model.generate(requests, decoding);
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < answers.size(); i++) {
      if (answers.get(i) instanceof Outcome.Answered<Generation>(Generation answer)) {
        List<Integer> ids = new ArrayList<>(ids(rendered.get(i)));
        ids.addAll(answer.tokens().orElseThrow());
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("question", kept.get(i).text());
        line.put("answer", answer.text());
        line.put("text", rendered.get(i).text() + answer.text());
        line.put("tokenizerSha256", tokenizer.sha256());
        line.put("tokens", ids.subList(0, Math.min(ids.size(), aligned.length())));
        lines.append(Json.compact(line)).append('\n');
      }
    }
    return lines.toString();
  }

  /** An engine that runs a checkpoint knows the ids of its prompts. */
  private static List<Integer> ids(RenderedPrompt prompt) {
    return prompt.tokens().orElseThrow();
  }
}
