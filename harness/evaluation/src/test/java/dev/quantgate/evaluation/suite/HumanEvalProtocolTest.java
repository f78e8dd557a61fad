package dev.quantgate.evaluation.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.Prompt;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HumanEvalProtocolTest {
  private static final String PROMPT = "\n\ndef one():\n    \"\"\" Gives 1. \"\"\"\n";
  private static final SuiteData.Code DATA =
      new SuiteData.Code(
          new SuiteData.Origin("starter-code", "inline", "", false),
          List.of(
              new SuiteData.CodeProblem(
                  "x/0", PROMPT, "one", "    return 1\n", "def check(f):\n    assert f() == 1\n")));

  private static Protocol<ProblemItem> protocol(String variant) {
    return protocol(variant, Layout.OPENAI);
  }

  private static Protocol<ProblemItem> protocol(String variant, Layout layout) {
    return new CodeSuite("humaneval", "", options -> DATA).protocol(variant, layout);
  }

  private static Question question(String variant, boolean chatTemplate) {
    var questions = protocol(variant).questions(ProblemItem.of(DATA), chatTemplate);
    assertThat(questions).hasSize(1);
    return questions.getFirst();
  }

  private static Request.Generate request(String variant, boolean chatTemplate) {
    return (Request.Generate) question(variant, chatTemplate).request();
  }

  private static String text(String variant) {
    return ((Prompt.Text) request(variant, false).prompt()).text();
  }

  @Test
  void everyVariantAsksItsOwnWords() {
    assertThat(text("base")).isEqualTo(PROMPT);
    assertThat(text("bigcode")).isEqualTo("def one():\n    \"\"\" Gives 1. \"\"\"");
    assertThat(text("instruct"))
        .isEqualTo(
            "Write a solution to the following problem and make sure that it passes the tests:\n"
                + "```python\n\n\ndef one():\n    \"\"\" Gives 1. \"\"\"\n\n```\n"
                + "Here is the completed function:\n"
                + "```python\n\n\ndef one():\n    \"\"\" Gives 1. \"\"\"\n\n");
    assertThat(text("opencompass"))
        .isEqualTo(
            "Read the following function signature and docstring, and fully implement the function"
                + " described. Your response should only contain the code for this function.\n"
                + "\n\ndef one():\n    \"\"\" Gives 1. \"\"\"\n");
    assertThat(text("codefuse"))
        .isEqualTo(
            "<|role_start|>human<|role_end|># language: Python\n"
                + "\n\ndef one():\n    \"\"\" Gives 1. \"\"\"\n"
                + "<|role_start|>bot<|role_end|>");
  }

  @Test
  void onlyTheTwoChatVariantsUseAChatTemplate() {
    for (String variant : List.of("base", "bigcode", "codefuse")) {
      assertThat(request(variant, true)).isEqualTo(request(variant, false));
    }
    var instruct = (Prompt.Chat) request("instruct", true).prompt();
    assertThat(instruct.messages())
        .hasSize(1)
        .first()
        .extracting(Prompt.Message::role)
        .isEqualTo("user");
    assertThat(instruct.messages().getFirst().content() + instruct.answerBegin())
        .isEqualTo(text("instruct"));
    assertThat(instruct.answerBegin()).startsWith("Here is the completed function:\n");
    var opencompass = (Prompt.Chat) request("opencompass", true).prompt();
    assertThat(opencompass.messages().getFirst().content()).isEqualTo(text("opencompass"));
    assertThat(opencompass.answerBegin()).isEmpty();
  }

  @Test
  void everyVariantHasItsStopStringsAndLength() {
    List<String> base = List.of("\nclass", "\ndef", "\n#", "\nif", "\nprint");
    assertThat(request("base", false).decoding()).isEqualTo(Decoding.greedy(1024, base));
    assertThat(request("instruct", false).decoding()).isEqualTo(Decoding.greedy(1024, base));
    assertThat(request("bigcode", false).decoding().stop())
        .containsExactlyInAnyOrder(
            "\nclass", "\ndef", "\n#", "\nif", "\nprint", "\n@", "\n```", "<file_sep>");
    assertThat(request("opencompass", false).decoding()).isEqualTo(Decoding.greedy(512, List.of()));
    assertThat(request("codefuse", false).decoding()).isEqualTo(Decoding.greedy(512, List.of()));
  }

  @Test
  void theCheckProgramHasTheProblemItsTestAndTheLayoutsPrelude() {
    assertThat(question("base", false).key())
        .isEqualTo(
            new Key.Program(
                "", PROMPT, "def check(f):\n    assert f() == 1\n", "one", "    return 1\n"));
    var bigcode = (Key.Program) question("bigcode", false).key();
    assertThat(bigcode.prompt()).isEqualTo(text("bigcode"));
    var prelude =
        (Key.Program)
            protocol("base", Layout.IMPORT_PRELUDE)
                .questions(ProblemItem.of(DATA), false)
                .getFirst()
                .key();
    assertThat(prelude.prelude().lines())
        .contains("import hashlib", "from typing import *")
        .hasSize(14);
    assertThat(prelude.prelude()).endsWith("\n");
  }

  /** What the harnesses' own functions make of each text. */
  static Stream<Arguments> extractions() {
    return Stream.of(
        arguments("    return 1\n", "    return 1\n\n", "return 1\n", "    return 1\n"),
        arguments(
            "    return 1\n\n\ndef g():\n    pass\n",
            "    return 1\n\n\n",
            "return 1\n\n\ndef g():\n    pass\n",
            "    return 1\n\n\ndef g():\n    pass\n"),
        arguments(
            "Here:\n```python\nimport math\n\ndef f(x):\n    \"\"\" doc \"\"\"\n    return math.pi\n```\nDone\n```python\nx\n```",
            "\n    return math.pi\n\n",
            "import math\n\ndef f(x):\n    \"\"\" doc \"\"\"\n    return math.pi\n",
            "Here:\n"),
        arguments("```Python\n    return 2\n```", "\n    return 2\n\n", "return 2\n", ""),
        arguments(
            "import os\nfrom a import b\ndef f():\n    return 3\n  \n",
            "    return 3\n",
            "import os\nfrom a import b\ndef f():\n    return 3\n  \n",
            "import os\nfrom a import b\ndef f():\n    return 3\n  \n"),
        arguments(
            "def f():\n    import os\n    return 3\n",
            "",
            "def f():\n    import os\n    return 3\n",
            "def f():\n    import os\n    return 3\n"),
        arguments(
            "import re\n'''doc'''\n    return 4\n",
            "\n    return 4\n\n",
            "import re\n'''doc'''\n    return 4\n",
            "import re\n'''doc'''\n    return 4\n"),
        arguments(
            "import re\n\"\"\"never closed\n    return 5\n",
            "",
            "import re\n\"\"\"never closed\n    return 5\n",
            "import re\n\"\"\"never closed\n    return 5\n"),
        arguments(
            "    return 6<|endoftext|>\n",
            "    return 6\n\n",
            "return 6<|endoftext|>\n",
            "    return 6<|endoftext|>\n"),
        arguments("```py\n  return 7\n```", "", "return 7\n", ""),
        arguments("\u3000\u00a0 x\n", "", "x\n", "\u3000\u00a0 x\n"),
        arguments("\treturn 8\n", "", "return 8\n", "\treturn 8\n"),
        arguments("```python\n\n    return 9\n", "", "```python\n\n    return 9\n", ""),
        arguments("```\nreturn 10```", "", "return 10", ""),
        arguments("", "\n", "", ""));
  }

  @ParameterizedTest
  @MethodSource("extractions")
  void codeIsExtractedAsTheHarnessesDo(
      String text, String codefuse, String opencompass, String instruct) {
    assertThat(extracted("codefuse", text)).isEqualTo(codefuse);
    assertThat(extracted("opencompass", text)).isEqualTo(opencompass);
    assertThat(extracted("instruct", text)).isEqualTo(cutAtBaseStops(instruct));
    assertThat(extracted("base", text)).isEqualTo(cutAtBaseStops(text));
  }

  private static String extracted(String variant, String text) {
    var grading =
        protocol(variant)
            .grade(
                question(variant, false),
                new Answer.Written(List.of(new Answer.Text(text, Generation.End.EOS, List.of()))));
    return ((Grading.Programs) grading).completions().getFirst();
  }

  /** As a plain reference: the shortest of the texts cut at each stop string. */
  private static String cutAtBaseStops(String text) {
    return Stream.of("\nclass", "\ndef", "\n#", "\nif", "\nprint")
        .map(stop -> text.contains(stop) ? text.substring(0, text.indexOf(stop)) : text)
        .min(java.util.Comparator.comparingInt(String::length))
        .orElseThrow();
  }

  @Test
  void recordedCompletionsAreTakenAsTheyAre() {
    var given = new Answer.Given(List.of("    return 1\n\n\ndef g(): pass", "x"));
    assertThat(protocol("base").grade(question("base", false), given))
        .isEqualTo(new Grading.Programs(given.values()));
  }
}
