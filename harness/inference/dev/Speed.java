import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.GenerationRequest;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.Telemetry;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The CPU engine as a peer of compare-speed.py: {@code Speed MODEL THREADS MAX_BATCH}. Reads jobs
 * from standard input, a line each: {@code NEW_TOKENS|1 2 3;4 5 6}, the prompts as token ids.
 * Answers each with {@code promptTokens promptSeconds generatedTokens generationSeconds|ids of the
 * first answer}.
 */
final class Speed {
  public static void main(String[] args) throws Exception {
    var options =
        EngineOptions.defaults()
            .withThreads(Integer.parseInt(args[1]))
            .withMaxBatch(Integer.parseInt(args[2]));
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (LanguageModel model = Engines.find("cpu").load(Path.of(args[0]), options)) {
      System.out.println("ready " + model.telemetry().device());
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        int bar = line.indexOf('|');
        var decoding =
            new Decoding(Integer.parseInt(line.substring(0, bar)), 0, 1, List.of(), false);
        List<GenerationRequest> prompts = new ArrayList<>();
        for (String prompt : line.substring(bar + 1).split(";")) {
          prompts.add(
              new GenerationRequest(
                  new Prompt.Tokens(
                      Arrays.stream(prompt.split(" ")).map(Integer::valueOf).toList())));
        }
        Telemetry before = model.telemetry();
        List<Outcome<Generation>> answers = model.generate(prompts, decoding);
        Telemetry after = model.telemetry();
        StringBuilder ids = new StringBuilder();
        answers
            .getFirst()
            .orThrow()
            .tokens()
            .orElseThrow()
            .forEach(id -> ids.append(' ').append(id));
        System.out.println(
            (after.promptTokens() - before.promptTokens())
                + " "
                + (after.promptTime().minus(before.promptTime()).toNanos() / 1e9)
                + " "
                + (after.generatedTokens() - before.generatedTokens())
                + " "
                + (after.generationTime().minus(before.generationTime()).toNanos() / 1e9)
                + "|"
                + ids.toString().strip());
      }
    }
  }
}
