package dev.quantgate.benchmarks;

import dev.quantgate.benchmarks.Catalogue.Edition;
import dev.quantgate.benchmarks.SuiteData.Origin;
import dev.quantgate.benchmarks.SuiteData.Subject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Loads the items of a suite, wherever they lie, and checks them.
 *
 * <p>Official data is known by the hash of its content (see {@link Origin}). Other data is refused,
 * saying what differs, unless {@link DataOptions#acceptUncatalogued} is set; its form is checked
 * either way.
 */
public final class BenchmarkData {
  private static final SequencedMap<String, Function<DataOptions, SuiteData>> READERS = readers();

  private BenchmarkData() {}

  private static SequencedMap<String, Function<DataOptions, SuiteData>> readers() {
    var readers = new LinkedHashMap<String, Function<DataOptions, SuiteData>>();
    readers.put(SuiteNames.HUMANEVAL, BenchmarkData::humaneval);
    readers.put(SuiteNames.CMNLI, BenchmarkData::cmnli);
    readers.put(SuiteNames.CEVAL, BenchmarkData::ceval);
    readers.put(SuiteNames.CEVAL_TEST, BenchmarkData::cevalTest);
    readers.put(SuiteNames.STARTER_CODE, options -> starterCode());
    readers.put(SuiteNames.STARTER_NLI, options -> starterNli());
    readers.put(SuiteNames.STARTER_EXAM, options -> starterExam());
    return readers;
  }

  /** The names of all suites, the official ones first. */
  public static List<String> suites() {
    return List.copyOf(READERS.sequencedKeySet());
  }

  /**
   * Loads a suite by its name.
   *
   * @param suite one of {@link #suites}
   * @param options ignored by the bundled suites
   * @throws DataException if there is no such suite, its data is nowhere to be found, is damaged,
   *     or is not catalogued and not accepted
   */
  public static SuiteData load(String suite, DataOptions options) {
    var reader = READERS.get(suite);
    if (reader == null) {
      throw new DataException(
          "There is no suite %s; expected one of %s"
              .formatted(Text.shown(suite), String.join(", ", suites())));
    }
    return reader.apply(options);
  }

  /** The bundled problems in HumanEval's form. */
  public static SuiteData.Code starterCode() {
    String name = "starter-code.jsonl";
    byte[] bytes = STARTER.read(name);
    return new SuiteData.Code(
        bundled(SuiteNames.STARTER_CODE, name, Text.sha256(bytes)),
        HumanEvalReader.read(STARTER.describe(name), bytes));
  }

  /** The bundled sentence pairs in CMNLI's form. */
  public static SuiteData.Pairs starterNli() {
    String name = "starter-nli.jsonl";
    byte[] bytes = STARTER.read(name);
    return new SuiteData.Pairs(
        bundled(SuiteNames.STARTER_NLI, name, Text.sha256(bytes)),
        CmnliReader.read(STARTER.describe(name), bytes).pairs());
  }

  /** The bundled questions in C-Eval's form. */
  public static SuiteData.Exam starterExam() {
    var content = CEvalReader.read(STARTER_EXAM, starterSubjects(), "val");
    return new SuiteData.Exam(
        bundled(SuiteNames.STARTER_EXAM, "starter-exam", content.sha256()),
        content.subjects(),
        content.questions(),
        content.demos());
  }

  /** HumanEval, plain or gzip. */
  public static SuiteData.Code humaneval(DataOptions options) {
    Path file = DataLayout.locate(Catalogue.setOf(SuiteNames.HUMANEVAL), options.folder());
    byte[] bytes = FileTree.bounded(file);
    if (bytes.length > 1 && bytes[0] == 0x1f && bytes[1] == (byte) 0x8b) {
      try (var in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
        bytes = FileTree.bounded(in, file.toString());
      } catch (IOException e) {
        throw new DataException(
            "%s: expected gzip data, found it damaged (%s); fetch it anew"
                .formatted(file, FileTree.reason(e)),
            e);
      }
    }
    var problems = HumanEvalReader.read(file.toString(), bytes);
    var counts = counts("problems", problems.size());
    return new SuiteData.Code(
        origin(SuiteNames.HUMANEVAL, file.toString(), Text.sha256(bytes), counts, options),
        problems);
  }

  /** CMNLI's dev set, from CLUE's archive or unpacked. */
  public static SuiteData.Pairs cmnli(DataOptions options) {
    Path path = DataLayout.locate(Catalogue.setOf(SuiteNames.CMNLI), options.folder());
    String file = path.toString();
    byte[] bytes;
    if (DataLayout.isZip(path)) {
      try (var zip = FileTree.Zip.open(path)) {
        String name =
            zip.find("dev.json")
                .orElseThrow(() ->
                    new DataException(
                        "%s: expected an entry dev.json, found none".formatted(path)));
        file = zip.describe(name);
        bytes = zip.read(name);
      }
    } else {
      bytes = FileTree.bounded(path);
    }
    var content = CmnliReader.read(file, bytes);
    var counts = counts("rows", content.rows());
    counts.put("labelled", content.pairs().size());
    return new SuiteData.Pairs(
        origin(SuiteNames.CMNLI, file, Text.sha256(bytes), counts, options), content.pairs());
  }

  /** C-Eval's validation set with its demos. */
  public static SuiteData.Exam ceval(DataOptions options) {
    return ceval(SuiteNames.CEVAL, "val", options);
  }

  /** C-Eval's test set with its demos; its questions have answers where the files do. */
  public static SuiteData.Exam cevalTest(DataOptions options) {
    return ceval(SuiteNames.CEVAL_TEST, "test", options);
  }

  private static SuiteData.Exam ceval(String suite, String split, DataOptions options) {
    Path path = DataLayout.locate(Catalogue.setOf(suite), options.folder());
    try (var tree = FileTree.open(path)) {
      var content = CEvalReader.read(tree, CEvalReader.officialSubjects(), split);
      var counts = counts("subjects", content.subjects().size());
      counts.put("demos", content.demos().values().stream().mapToInt(List::size).sum());
      counts.put("questions", content.questions().size());
      return new SuiteData.Exam(
          origin(suite, path.toString(), content.sha256(), counts, options),
          content.subjects(),
          content.questions(),
          content.demos());
    }
  }

  /** Says what content with this hash is, or refuses it. */
  private static Origin origin(
      String suite,
      String file,
      String sha256,
      SequencedMap<String, Integer> counts,
      DataOptions options) {
    var editions = Catalogue.editions(suite);
    for (Edition edition : editions) {
      if (edition.contentSha256().equals(sha256)) {
        if (!edition.counts().equals(counts)) {
          throw new IllegalStateException(
              "%s with the catalogued hash was read as %s, expected %s"
                  .formatted(file, counts, edition.counts()));
        }
        return new Origin(suite, file, edition.publishedSha256(), true);
      }
    }
    if (options.acceptUncatalogued()) {
      return new Origin(suite, file, sha256, false);
    }
    throw new DataException(
        """
        %s is not catalogued data: its content has sha256 %s and %s; known are %s.
        Give --accept-data to run on it as custom data, or get the official file: quantgate data fetch %s\
        """
            .formatted(
                file,
                sha256,
                shown(counts),
                editions.stream()
                    .map(e ->
                        "%s (%s, %s)".formatted(e.name(), e.contentSha256(), shown(e.counts())))
                    .collect(Collectors.joining("; ")),
                Catalogue.setOf(suite).name()));
  }

  private static SequencedMap<String, Integer> counts(String name, int number) {
    var counts = new LinkedHashMap<String, Integer>();
    counts.put(name, number);
    return counts;
  }

  private static String shown(SequencedMap<String, Integer> counts) {
    return counts.entrySet().stream()
        .map(count -> "%,d %s".formatted(count.getValue(), count.getKey()))
        .collect(Collectors.joining(", "));
  }

  private static final FileTree STARTER = new FileTree.Bundled("/dev/quantgate/benchmarks/starter");
  private static final FileTree STARTER_EXAM =
      new FileTree.Bundled("/dev/quantgate/benchmarks/starter/starter-exam");

  private static Origin bundled(String suite, String name, String sha256) {
    return new Origin(suite, "bundled:" + name, sha256, true);
  }

  /** The subjects of starter-exam, from its mapping in C-Eval's form. */
  private static List<Subject> starterSubjects() {
    String name = "subject_mapping.json";
    String file = STARTER_EXAM.describe(name);
    var mapper = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    JsonNode mapping;
    try {
      mapping = mapper.readTree(Text.decode(file, STARTER_EXAM.read(name)));
    } catch (JacksonException e) {
      throw new DataException(
          "%s: expected JSON, found %s".formatted(file, e.getOriginalMessage()), e);
    }
    Function<JsonNode, String> text =
        node -> {
          if (!node.isString()) {
            throw new DataException(
                "%s: expected SUBJECT: [English name, Chinese name, category]".formatted(file));
          }
          return node.stringValue();
        };
    return mapping.properties().stream()
        .map(entry ->
            new Subject(
                entry.getKey(),
                text.apply(entry.getValue().path(1)),
                text.apply(entry.getValue().path(2)),
                false))
        .toList();
  }
}
