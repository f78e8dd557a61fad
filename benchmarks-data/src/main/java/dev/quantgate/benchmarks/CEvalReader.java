package dev.quantgate.benchmarks;

import dev.quantgate.benchmarks.SuiteData.ExamQuestion;
import dev.quantgate.benchmarks.SuiteData.Subject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.dataformat.csv.CsvFactory;

/**
 * Reads C-Eval as its authors publish it: {@code dev/}, {@code val/} and {@code test/}, each with
 * one {@code subject_split.csv} for each subject.
 */
final class CEvalReader {
  private static final List<String> BASE = List.of("id", "question", "A", "B", "C", "D");
  private static final List<String> ANSWERED =
      List.of("id", "question", "A", "B", "C", "D", "answer");
  private static final List<String> EXPLAINED =
      List.of("id", "question", "A", "B", "C", "D", "answer", "explanation");
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_.-]{1,40}");
  private static final CsvFactory CSV = new CsvFactory();

  private CEvalReader() {}

  /**
   * What a suite reads.
   *
   * @param subjects those that have questions, in the mapping's order
   * @param questions subject by subject
   * @param sha256 what {@code sha256sum dev/*.csv SPLIT/*.csv | sha256sum} prints in the C locale
   */
  record Content(
      List<Subject> subjects,
      List<ExamQuestion> questions,
      Map<String, List<ExamQuestion>> demos,
      String sha256) {}

  /** The 52 subjects of C-Eval, in its own order. */
  static List<Subject> officialSubjects() {
    var tree = new FileTree.Bundled("/dev/quantgate/benchmarks");
    String name = "ceval-subjects.csv";
    return csv(tree.describe(name), tree.read(name)).stream()
        .skip(1)
        .map(row ->
            new Subject(
                row.fields().get(0),
                row.fields().get(1),
                row.fields().get(2),
                row.fields().get(3).equals("hard")))
        .toList();
  }

  /**
   * Reads a split and its demos.
   *
   * @param known the subjects that there can be
   * @param split "val" or "test"
   * @throws DataException naming the first file and line that are not of the form, a subject that
   *     is not known, or a subject without demos
   */
  static Content read(FileTree tree, List<Subject> known, String split) {
    var names = new TreeSet<String>();
    known.forEach(subject -> names.add(subject.key()));
    for (String folder : List.of("dev", split)) {
      for (String file : tree.list(folder)) {
        String end = "_" + folder + ".csv";
        // What begins with a dot is a system's own: macOS leaves "._law_val.csv" beside
        // law_val.csv.
        if (file.endsWith(".csv")
            && !file.startsWith(".")
            && !(file.endsWith(end)
                && names.contains(file.substring(0, file.length() - end.length())))) {
          throw new DataException(
              "%s: expected SUBJECT%s with one of the %d subjects of C-Eval"
                  .formatted(tree.describe("%s/%s".formatted(folder, file)), end, known.size()));
        }
      }
    }

    var subjects = new ArrayList<Subject>();
    var questions = new ArrayList<ExamQuestion>();
    var demos = new LinkedHashMap<String, List<ExamQuestion>>();
    var hashes = new TreeMap<String, String>();
    Answers answers = split.equals("test") ? Answers.UNKNOWN_YET : Answers.PRESENT;
    for (Subject subject : known) {
      String file = split + "/" + subject.key() + "_" + split + ".csv";
      String demoFile = "dev/" + subject.key() + "_dev.csv";
      if (!tree.has(file)) {
        continue;
      }
      if (!tree.has(demoFile)) {
        throw new DataException(
            "%s is missing: expected the demos of each subject that has questions in %s"
                .formatted(tree.describe(demoFile), split));
      }
      var table = table(tree, file, hashes);
      boolean answered = !table.header().equals(BASE);
      if (answers == Answers.UNKNOWN_YET) {
        answers = answered ? Answers.PRESENT : Answers.ABSENT;
      }
      if (answered != (answers == Answers.PRESENT)
          || !(table.header().equals(BASE)
              || table.header().equals(ANSWERED)
              || table.header().equals(EXPLAINED))) {
        throw header(table, answers == Answers.PRESENT ? ANSWERED : BASE);
      }
      var demoTable = table(tree, demoFile, hashes);
      if (!demoTable.header().equals(EXPLAINED)) {
        throw header(demoTable, EXPLAINED);
      }
      subjects.add(subject);
      questions.addAll(questions(table, subject.key()));
      demos.put(subject.key(), questions(demoTable, subject.key()));
    }
    if (subjects.isEmpty()) {
      throw new DataException(
          "%s: expected %s/SUBJECT_%s.csv of at least one subject, found none"
              .formatted(tree.describe(""), split, split));
    }
    var listing = new StringBuilder();
    hashes.forEach((file, hash) -> listing.append(hash).append("  ").append(file).append('\n'));
    return new Content(
        subjects,
        questions,
        demos,
        Text.sha256(listing.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8)));
  }

  /** Whether a split carries answers: all its files do, or none. */
  private enum Answers {
    UNKNOWN_YET,
    PRESENT,
    ABSENT
  }

  private static DataException header(Table table, List<String> expected) {
    return new DataException(
        "%s, line 1: expected the columns %s, found %s"
            .formatted(
                table.file(),
                String.join(",", expected),
                Text.shown(String.join(",", table.header()))));
  }

  private record CsvRow(int line, List<String> fields) {}

  private record Table(String file, List<String> header, List<CsvRow> rows) {}

  private static Table table(FileTree tree, String file, Map<String, String> hashes) {
    byte[] bytes = tree.read(file);
    hashes.put(file, Text.sha256(bytes));
    var rows = csv(tree.describe(file), bytes);
    if (rows.size() < 2) {
      throw new DataException(
          "%s: expected a header and at least one question, found %d lines"
              .formatted(tree.describe(file), rows.size()));
    }
    return new Table(tree.describe(file), rows.getFirst().fields(), rows.subList(1, rows.size()));
  }

  private static List<ExamQuestion> questions(Table table, String subject) {
    var questions = new ArrayList<ExamQuestion>();
    var ids = new HashSet<String>();
    int columns = table.header().size();
    for (CsvRow row : table.rows()) {
      String at = "%s, line %s".formatted(table.file(), row.line());
      var fields = row.fields();
      if (fields.size() != columns) {
        throw new DataException(
            "%s: expected %d fields, found %d".formatted(at, columns, fields.size()));
      }
      String id = fields.get(0);
      if (!ID.matcher(id).matches()) {
        throw new DataException(
            "%s: expected a number under \"id\", found %s".formatted(at, Text.shown(id)));
      }
      if (!ids.add(id)) {
        throw new DataException("%s: expected each id once, found %s again".formatted(at, id));
      }
      for (int i = 1; i < 6; i++) {
        if (fields.get(i).isBlank()) {
          throw new DataException(
              "%s: expected a text under \"%s\", found none".formatted(at, table.header().get(i)));
        }
      }
      questions.add(
          new ExamQuestion(
              subject + "/" + id,
              subject,
              fields.get(1),
              fields.subList(2, 6),
              columns > 6 ? answer(at, fields.get(6)) : -1,
              columns > 7 ? fields.get(7) : ""));
    }
    return questions;
  }

  private static int answer(String at, String answer) {
    int index = "ABCD".indexOf(answer);
    if (answer.length() != 1 || index < 0) {
      throw new DataException(
          "%s: expected the answer A, B, C or D, found %s".formatted(at, Text.shown(answer)));
    }
    return index;
  }

  /**
   * All rows of a CSV file, its header included, line ends inside fields as they are. Empty lines,
   * and rows of empty fields at the end as spreadsheets leave them, are passed over.
   */
  private static List<CsvRow> csv(String file, byte[] bytes) {
    String text = Text.decode(file, bytes);
    var rows = new ArrayList<CsvRow>();
    // The parser does not count the line ends inside quoted fields.
    int line = 1;
    int next = 2;
    try (var parser = CSV.createParser(ObjectReadContext.empty(), text)) {
      List<String> fields = List.of();
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        switch (token) {
          case START_ARRAY -> fields = new ArrayList<>();
          case END_ARRAY -> {
            if (!(fields.size() == 1 && fields.getFirst().isBlank())) {
              rows.add(new CsvRow(line, List.copyOf(fields)));
            }
            line = next++;
          }
          default -> {
            String field = parser.getString();
            next +=
                (int)
                    field.replace("\r\n", "\n").chars().filter(c -> c == '\n' || c == '\r').count();
            fields.add(field);
          }
        }
      }
    } catch (JacksonException e) {
      throw new DataException(
          "%s, line %d: expected comma-separated values, found %s"
              .formatted(
                  file, line, e.getOriginalMessage().lines().findFirst().orElse("something else")),
          e);
    }
    while (!rows.isEmpty() && rows.getLast().fields().stream().allMatch(String::isBlank)) {
      rows.removeLast();
    }
    return rows;
  }
}
