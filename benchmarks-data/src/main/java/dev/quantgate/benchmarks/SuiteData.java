package dev.quantgate.benchmarks;

import java.util.List;
import java.util.Map;

/**
 * The items of one suite, read and checked.
 *
 * <p>{@code origin} says where they came from and carries the hash that goes into every result.
 */
public sealed interface SuiteData {
  Origin origin();

  int size();

  /** Programming problems in the form of HumanEval, in file order. */
  record Code(Origin origin, List<CodeProblem> problems) implements SuiteData {
    public Code {
      problems = List.copyOf(problems);
    }

    @Override
    public int size() {
      return problems.size();
    }
  }

  /** Labelled sentence pairs in the form of CMNLI, in file order, unlabelled rows left out. */
  record Pairs(Origin origin, List<SentencePair> pairs) implements SuiteData {
    public Pairs {
      pairs = List.copyOf(pairs);
    }

    @Override
    public int size() {
      return pairs.size();
    }
  }

  /**
   * Four-choice questions in the form of C-Eval.
   *
   * @param questions subject by subject in the order of {@code subjects}, then in file order
   * @param demos for each subject its worked examples, in file order
   */
  record Exam(
      Origin origin,
      List<Subject> subjects,
      List<ExamQuestion> questions,
      Map<String, List<ExamQuestion>> demos)
      implements SuiteData {
    public Exam {
      subjects = List.copyOf(subjects);
      questions = List.copyOf(questions);
      demos = Map.copyOf(demos);
    }

    @Override
    public int size() {
      return questions.size();
    }
  }

  /**
   * Where data came from.
   *
   * @param suite the suite's name
   * @param file the file or resource, for people
   * @param sha256 names the content. Catalogued content has the hash of the file that its authors
   *     publish, whether it was read from that file or from what was unpacked from it. Other
   *     content has the hash of what was read: of the JSON lines, uncompressed, or what {@code
   *     sha256sum dev/*.csv val/*.csv | sha256sum} prints for C-Eval ({@code test} in place of
   *     {@code val} for ceval-test)
   * @param catalogued whether that hash is in the catalogue; false is shown as "custom data"
   */
  record Origin(String suite, String file, String sha256, boolean catalogued) {}

  /**
   * A HumanEval problem.
   *
   * @param id task_id, such as "HumanEval/0"
   */
  record CodeProblem(
      String id, String prompt, String entryPoint, String canonicalSolution, String test) {}

  /**
   * A CMNLI row.
   *
   * @param id the 0-based line number in the file
   */
  record SentencePair(String id, String first, String second, Label label) {}

  /** The relation of two sentences, in the order in which ties are broken. */
  enum Label {
    CONTRADICTION,
    ENTAILMENT,
    NEUTRAL
  }

  /**
   * A C-Eval question. Line ends inside its texts are as the file has them, mostly {@code \r\n}.
   *
   * @param id {@code subject/number}
   * @param subject the subject's key, such as "high_school_physics"
   * @param choices the texts of A, B, C and D
   * @param answer the index of the right choice, 0 to 3; -1 where the file has no answers
   * @param explanation of a demo; empty elsewhere
   */
  record ExamQuestion(
      String id,
      String subject,
      String question,
      List<String> choices,
      int answer,
      String explanation) {
    public ExamQuestion {
      choices = List.copyOf(choices);
    }
  }

  /**
   * A C-Eval subject.
   *
   * @param key such as "high_school_physics"
   * @param name in Chinese, as prompts use it
   * @param category "STEM", "Social Science", "Humanities" or "Other"
   * @param hard whether it belongs to the hard subset
   */
  record Subject(String key, String name, String category, boolean hard) {}
}
