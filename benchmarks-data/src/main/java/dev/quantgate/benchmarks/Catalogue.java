package dev.quantgate.benchmarks;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/**
 * The official data sets and the contents that are known by their hash.
 *
 * <p>A data set's file is known by its own hash, for downloading. What a suite reads is known by
 * the hash of its content, so that an archive, the folder unpacked from it and a repacked copy are
 * one and the same data.
 */
public final class Catalogue {
  private static final DataFile HUMANEVAL =
      new DataFile(
          "HumanEval.jsonl.gz",
          44_877,
          "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef");
  private static final DataFile CMNLI =
      new DataFile(
          "cmnli_public.zip",
          31_404_066,
          "3a3f3b1d3d27134cf11e585156f07fa050bd0a0836821c02696af0dbaa14513b");
  private static final DataFile CMNLI_DEV =
      new DataFile(
          "dev.json",
          2_556_710,
          "05386d604ccb00a3a5ccab59849b35b75eb5fdab61f662f0ab1e18a477b0d9d8");
  private static final DataFile CMNLI_REBUILT =
      new DataFile(
          "dev.reconstructed.jsonl",
          2_516_198,
          "943556d6f241ddc4d4ad861342bd1a2e02d0958ea9277fb4aa320505c183a6c5");
  private static final DataFile CEVAL =
      new DataFile(
          "ceval-exam.zip",
          1_548_171,
          "68786deeea68ff089c56563ee48fab8160da857b77b913437bb504d681fd8e20");

  private static final List<DataSet> SETS =
      List.of(
          new DataSet(
              "humaneval",
              "HumanEval: 164 Python programming problems with tests",
              "MIT",
              List.of(SuiteNames.HUMANEVAL),
              HUMANEVAL,
              List.of(
                  URI.create(
                      "https://raw.githubusercontent.com/openai/human-eval/master/data/HumanEval.jsonl.gz")),
              List.of(),
              List.of(
                  "HumanEval.jsonl.gz",
                  "HumanEval.jsonl",
                  "example_problem.jsonl.gz",
                  "example_problem.jsonl")),
          new DataSet(
              "cmnli",
              "CMNLI: 12,241 labelled Chinese sentence pairs (dev)",
              "none stated (CLUE, from MNLI and XNLI)",
              List.of(SuiteNames.CMNLI),
              CMNLI,
              List.of(
                  URI.create(
                      "https://storage.googleapis.com/cluebenchmark/tasks/cmnli_public.zip")),
              List.of(CMNLI_DEV, CMNLI_REBUILT),
              List.of(
                  "cmnli_public.zip",
                  "cmnli_public/dev.json",
                  "dev.json",
                  "dev.reconstructed.jsonl")),
          new DataSet(
              "ceval",
              "C-Eval: Chinese four-choice questions of 52 subjects, 1,346 (val) and 12,342 (test)",
              "CC BY-NC-SA 4.0",
              List.of(SuiteNames.CEVAL, SuiteNames.CEVAL_TEST),
              CEVAL,
              List.of(
                  URI.create(
                      "https://huggingface.co/datasets/ceval/ceval-exam/resolve/main/ceval-exam.zip"),
                  URI.create(
                      "https://www.modelscope.cn/datasets/opencompass/ceval-exam/resolve/master/ceval-exam.zip")),
              List.of(),
              List.of("ceval-exam.zip", "ceval-exam/", "formal_ceval/", "./")));

  private static final List<Edition> EDITIONS =
      List.of(
          new Edition(
              SuiteNames.HUMANEVAL,
              "openai/human-eval",
              "1d49078ba3e2b196b9344535bef34a43021f038fad9561d6ee7c53450609a6a2",
              HUMANEVAL.sha256(),
              counts("problems", 164)),
          new Edition(
              SuiteNames.CMNLI,
              "CLUE's dev.json",
              CMNLI_DEV.sha256(),
              CMNLI_DEV.sha256(),
              counts("rows", 12_426, "labelled", 12_241)),
          new Edition(
              SuiteNames.CMNLI,
              "dev.reconstructed.jsonl",
              CMNLI_REBUILT.sha256(),
              CMNLI_REBUILT.sha256(),
              counts("rows", 12_235, "labelled", 12_235)),
          new Edition(
              SuiteNames.CEVAL,
              "ceval-exam.zip",
              "8e8b3f4a3e9bd629a87706558ad552761b3401d55384923c850fdaf55bd5462a",
              CEVAL.sha256(),
              counts("subjects", 52, "demos", 260, "questions", 1_346)),
          new Edition(
              SuiteNames.CEVAL_TEST,
              "ceval-exam.zip",
              "3daf053ed2beecaa042ffe9513834ecad1e17d5bf4db296512e2ed1dc0f94d6e",
              CEVAL.sha256(),
              counts("subjects", 52, "demos", 260, "questions", 12_342)));

  private Catalogue() {}

  /** The official data sets, in the order in which they are listed. */
  public static List<DataSet> sets() {
    return SETS;
  }

  /**
   * A data set by its name.
   *
   * @throws DataException if there is none of that name
   */
  public static DataSet set(String name) {
    return SETS.stream()
        .filter(set -> set.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new DataException(
                "There is no data set \"%s\"; expected one of %s"
                    .formatted(
                        name, SETS.stream().map(DataSet::name).collect(Collectors.joining(", ")))));
  }

  /** The set that serves a suite. */
  static DataSet setOf(String suite) {
    return SETS.stream()
        .filter(set -> set.suites().contains(suite))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("no data set serves suite %s".formatted(suite)));
  }

  /** The contents known for a suite. */
  static List<Edition> editions(String suite) {
    return EDITIONS.stream().filter(edition -> edition.suite().equals(suite)).toList();
  }

  private static SequencedMap<String, Integer> counts(Object... namesAndNumbers) {
    var counts = new LinkedHashMap<String, Integer>();
    for (int i = 0; i < namesAndNumbers.length; i += 2) {
      counts.put((String) namesAndNumbers[i], (Integer) namesAndNumbers[i + 1]);
    }
    return counts;
  }

  /**
   * A suite's content with a known hash.
   *
   * @param name for people
   * @param contentSha256 of what the suite reads (see {@link SuiteData.Origin})
   * @param publishedSha256 of the file that its authors publish, by which results name it
   * @param counts what the reader must find in it, by name; the items last
   */
  record Edition(
      String suite,
      String name,
      String contentSha256,
      String publishedSha256,
      SequencedMap<String, Integer> counts) {
    int items() {
      return counts.lastEntry().getValue();
    }
  }
}
