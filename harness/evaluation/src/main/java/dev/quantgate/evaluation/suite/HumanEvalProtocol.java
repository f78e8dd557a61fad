package dev.quantgate.evaluation.suite;

import dev.quantgate.benchmarks.SuiteData.CodeProblem;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Prompt;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * HumanEval as five harnesses ask it. The completion is put behind the problem's prompt and run
 * against its test in one {@link Layout}; the answers differ in prompt, stop strings and
 * extraction.
 *
 * <p>The prompt is text, to which the tokenizer adds bos if its files say so. {@link Form#INSTRUCT}
 * and {@link Form#OPENCOMPASS} apply the model's chat template where it has one.
 */
record HumanEvalProtocol(Form form, Layout layout) implements Protocol<ProblemItem> {

  /** The harnesses. */
  enum Form {
    /** lm-evaluation-harness, {@code humaneval}: the prompt as it is. */
    BASE(
        "base",
        "lm-evaluation-harness humaneval: the prompt as it is",
        1024,
        List.of("\nclass", "\ndef", "\n#", "\nif", "\nprint")) {
      @Override
      Prompt prompt(CodeProblem problem, boolean chatTemplate) {
        return new Prompt.Text(problem.prompt());
      }
    },
    /** bigcode-evaluation-harness, {@code humaneval}: the prompt stripped, asked and checked so. */
    BIGCODE(
        "bigcode",
        "bigcode-evaluation-harness humaneval: the prompt stripped",
        1024,
        List.of("\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```", "<file_sep>")) {
      @Override
      Prompt prompt(CodeProblem problem, boolean chatTemplate) {
        return new Prompt.Text(checked(problem));
      }

      @Override
      String checked(CodeProblem problem) {
        return PythonText.strip(problem.prompt());
      }
    },
    /** lm-evaluation-harness, {@code humaneval_instruct}: an instruction, and the answer begun. */
    INSTRUCT(
        "instruct",
        "lm-evaluation-harness humaneval_instruct: an answer begun, for chat models",
        1024,
        BASE.stop) {
      @Override
      Prompt prompt(CodeProblem problem, boolean chatTemplate) {
        String instruction =
            "Write a solution to the following problem and make sure that it passes the tests:\n```python\n"
                + problem.prompt()
                + "\n```\n";
        String begin = "Here is the completed function:\n```python\n" + problem.prompt() + "\n";
        return chatTemplate
            ? new Prompt.Chat(List.of(new Prompt.Message("user", instruction)), begin)
            : new Prompt.Text(instruction + begin);
      }

      @Override
      String extract(String text) {
        int fence = text.indexOf("```");
        return fence < 0 ? text : text.substring(0, fence);
      }
    },
    /** OpenCompass, {@code humaneval_openai_sample_evals_gen_159614}. */
    OPENCOMPASS(
        "opencompass",
        "OpenCompass: an instruction, the first code block is taken",
        512,
        List.of()) {
      @Override
      Prompt prompt(CodeProblem problem, boolean chatTemplate) {
        String instruction =
            "Read the following function signature and docstring, and fully implement the function described. Your response should only contain the code for this function.\n"
                + problem.prompt();
        return chatTemplate
            ? new Prompt.Chat(List.of(new Prompt.Message("user", instruction)), "")
            : new Prompt.Text(instruction);
      }

      @Override
      String extract(String text) {
        Matcher block = ANY_BLOCK.matcher(text);
        return PythonText.lstrip(block.find() ? block.group(1) : text);
      }
    },
    /**
     * CodeFuse-Evaluation's processor for CodeFuse-CodeLlama-34B, in whose own template the prompt
     * stands. Its extraction is kept with its oddities, as published scores depend on them.
     */
    CODEFUSE("codefuse", "CodeFuse-Evaluation, for CodeFuse-CodeLlama-34B", 512, List.of()) {
      @Override
      Prompt prompt(CodeProblem problem, boolean chatTemplate) {
        return new Prompt.Text(
            "<|role_start|>human<|role_end|># language: Python\n"
                + problem.prompt()
                + "<|role_start|>bot<|role_end|>");
      }

      @Override
      String extract(String text) {
        return indented(withoutHead(fenced(text)).replace("<|endoftext|>", ""));
      }
    };

    private static final Pattern ANY_BLOCK =
        Pattern.compile("```\\w*\\n(.*?)```", Pattern.DOTALL | Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern PYTHON_BLOCK =
        Pattern.compile("```python(.*?)```", Pattern.DOTALL | Pattern.CASE_INSENSITIVE);
    private static final Pattern FENCE = Pattern.compile("```python|```", Pattern.CASE_INSENSITIVE);

    private final String id;
    private final String description;
    private final int maxNewTokens;
    private final List<String> stop;

    Form(String id, String description, int maxNewTokens, List<String> stop) {
      this.id = id;
      this.description = description;
      this.maxNewTokens = maxNewTokens;
      this.stop = stop;
    }

    String id() {
      return id;
    }

    String description() {
      return description;
    }

    abstract Prompt prompt(CodeProblem problem, boolean chatTemplate);

    /** The prompt as it stands in the check program. */
    String checked(CodeProblem problem) {
      return problem.prompt();
    }

    /** The code in a text that has been cut at the stop strings. */
    String extract(String text) {
      return text;
    }

    private static String fenced(String text) {
      Matcher block = PYTHON_BLOCK.matcher(text);
      return block.find() ? FENCE.matcher(block.group(1)).replaceAll("") : text;
    }

    /** Drops imports, signature and docstring of an answer that repeats them. */
    private static String withoutHead(String text) {
      if (!text.contains("import") || text.contains("  import")) {
        return text;
      }
      for (String quotes : List.of("\"\"\"", "'''")) {
        int open = text.indexOf(quotes);
        if (open >= 0) {
          // Where the docstring is not closed, the original goes on from its third character.
          int end = text.indexOf(quotes, open + 3) + 3;
          return text.substring(Math.min(end, text.length()));
        }
      }
      var kept = new StringBuilder();
      for (String line : PythonText.rstrip(text).split("\n", -1)) {
        if (!line.startsWith("def") && !line.startsWith("from") && !line.startsWith("import")) {
          kept.append(kept.isEmpty() ? "" : "\n").append(line);
        }
      }
      return kept.toString();
    }

    /** The lines up to the first one that is neither empty nor indented by a space. */
    private static String indented(String text) {
      var kept = new StringBuilder();
      for (String line : text.split("\n", -1)) {
        if (!line.isEmpty() && line.charAt(0) != ' ') {
          break;
        }
        kept.append(line).append('\n');
      }
      return kept.toString();
    }
  }

  @Override
  public String id() {
    return "humaneval/%s".formatted(form.id());
  }

  @Override
  public List<Question> questions(List<ProblemItem> items, boolean chatTemplate) {
    var decoding = Decoding.greedy(form.maxNewTokens, form.stop);
    return items.stream()
        .map(item -> {
          CodeProblem problem = item.problem();
          return new Question(
              item,
              new Request.Generate(form.prompt(problem, chatTemplate), decoding),
              new Key.Program(
                  layout.prelude(),
                  form.checked(problem),
                  problem.test(),
                  problem.entryPoint(),
                  problem.canonicalSolution()));
        })
        .toList();
  }

  @Override
  public Grading grade(Question question, Answer answer) {
    return switch (answer) {
      case Answer.Given(List<String> values) -> new Grading.Programs(values);
      case Answer.Written(List<Answer.Text> samples) ->
          new Grading.Programs(
              samples.stream().map(sample -> form.extract(cut(sample.text()))).toList());
      case Answer.Scored scored ->
          throw new IllegalArgumentException(
              "%s asks for programs, not for choices".formatted(id()));
    };
  }

  /** Cuts at the earliest stop string, should whoever wrote the text not have stopped there. */
  private String cut(String text) {
    int end = text.length();
    for (String stop : form.stop) {
      int at = text.indexOf(stop);
      if (at >= 0) {
        end = Math.min(end, at);
      }
    }
    return text.substring(0, end);
  }
}
