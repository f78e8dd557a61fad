package dev.quantgate.evaluation.suite.file;

import dev.quantgate.base.Sha256;
import dev.quantgate.benchmarks.DataException;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.benchmarks.SuiteData.Origin;
import dev.quantgate.benchmarks.SuiteData.Subject;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Metric;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.protocol.SuiteItems;
import dev.quantgate.inference.Prompt;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A suite that a user describes in a YAML file beside JSON Lines. An item's id is its field "id",
 * or its place where the first row has none, unless the file says what names it. Examples are
 * dropped from the front where a context is too short.
 */
public final class FileSuite implements Suite<FileItem> {
  private static final List<String> KEYS =
      List.of(
          "name",
          "description",
          "data",
          "id",
          "stratum",
          "cluster",
          "metric",
          "header",
          "template",
          "target",
          "separator",
          "few-shot",
          "chat");
  private static final List<String> FEW_SHOT_KEYS = List.of("data", "count", "same");
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final Pattern ID = Pattern.compile("[^\\p{Cntrl}]{1,200}");
  private static final String VARIANT = "file";
  private static final int MOST_SHOTS = 64;

  private final Path file;
  private final String name;
  private final String description;
  private final Path data;
  private final Optional<Template> id;
  private final Optional<Template> stratum;
  private final Optional<Template> cluster;
  private final Optional<Template> header;
  private final Template template;
  private final Optional<Template> target;
  private final String separator;
  private final Optional<FewShot> fewShot;
  private final boolean chat;
  private final Judging judging;

  /** Where examples come from, how many are shown, and what they have in common with the item. */
  private record FewShot(Path data, int count, Optional<Template> same) {}

  private FileSuite(YamlMapping yaml) {
    this.file = yaml.file();
    this.name = yaml.text("name").orElseGet(() -> stem(yaml.file()));
    if (!NAME.matcher(name).matches()) {
      throw yaml.at(
          "name",
          "expected a name of lower-case letters, digits, \"-\", \"_\" and \".\", found \"%s\"; give \"name\""
              .formatted(name));
    }
    this.description = yaml.text("description").orElse("from %s".formatted(yaml.file()));
    this.data = path(yaml, "data", "data: items.jsonl");
    this.id = field(yaml, "id");
    this.stratum = field(yaml, "stratum");
    this.cluster = field(yaml, "cluster");
    this.header = yaml.text("header").map(text -> Template.of(yaml, "header", text));
    this.template =
        Template.of(
            yaml, "template", yaml.required("template", "template: \"{{question}}\\nAnswer:\""));
    this.target = yaml.text("target").map(text -> Template.of(yaml, "target", text));
    this.separator = yaml.text("separator").orElse("\n\n");
    this.fewShot = yaml.section("few-shot").map(FileSuite::fewShot);
    this.chat = yaml.flag("chat");
    this.judging =
        switch (yaml.choice(
            "metric",
            Map.of(
                "choice", Metric.CHOICE,
                "exact-match", Metric.EXACT_MATCH,
                "program", Metric.PROGRAM),
            "")) {
          case CHOICE -> {
            requireOnly(yaml, ChoiceJudging.KEYS);
            yield ChoiceJudging.of(yaml);
          }
          case EXACT_MATCH -> {
            requireOnly(yaml, ExactMatchJudging.KEYS, Writing.KEYS);
            yield ExactMatchJudging.of(yaml);
          }
          case PROGRAM -> {
            requireOnly(yaml, ProgramJudging.KEYS, Writing.KEYS);
            yield ProgramJudging.of(yaml);
          }
        };
  }

  /** Whether what a user typed for a suite is a file and not a name. */
  public static boolean isFile(String reference) {
    return reference.endsWith(".yaml") || reference.endsWith(".yml") || reference.contains("/");
  }

  /**
   * Reads the description. The items are read by {@link #load}.
   *
   * @throws DataException naming the line that is wrong
   * @throws dev.quantgate.base.FileException if the file cannot be read
   */
  public static FileSuite read(Path file) {
    return new FileSuite(YamlMapping.read(file));
  }

  @SafeVarargs
  private static void requireOnly(YamlMapping yaml, List<String>... metricKeys) {
    yaml.requireOnly(
        Stream.concat(Stream.of(KEYS), Stream.of(metricKeys)).flatMap(List::stream).toList());
  }

  private static FewShot fewShot(YamlMapping yaml) {
    yaml.requireOnly(FEW_SHOT_KEYS);
    return new FewShot(
        path(yaml, "data", "data: examples.jsonl"),
        yaml.number("count", 1, MOST_SHOTS, 5),
        field(yaml, "same"));
  }

  private static Optional<Template> field(YamlMapping yaml, String key) {
    return yaml.text(key).map(text -> Template.fieldOr(yaml, key, text));
  }

  /** A path beside the YAML file. */
  private static Path path(YamlMapping yaml, String key, String example) {
    String text = yaml.required(key, example);
    try {
      return yaml.file().resolveSibling(text);
    } catch (InvalidPathException e) {
      throw yaml.at(key, "expected a path, found \"%s\"".formatted(text));
    }
  }

  private static String stem(Path file) {
    return String.valueOf(file.getFileName()).replaceFirst("\\.ya?ml$", "");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public Metric metric() {
    return judging.metric();
  }

  @Override
  public List<Variant> protocols() {
    return List.of(new Variant(VARIANT, "as %s says".formatted(file)));
  }

  @Override
  public Protocol<FileItem> protocol(String variant, Layout layout) {
    if (!variant.equals(VARIANT)) {
      throw new IllegalArgumentException(
          "unknown protocol \"%s\" for %s; it has the one that its file describes, \"%s\""
              .formatted(variant, name, VARIANT));
    }
    return new AsDescribed(layout);
  }

  @Override
  public SuiteItems<FileItem> load(DataOptions options) {
    List<Row> rows = Row.read(data);
    var prompts = new Prompts();
    boolean named = rows.getFirst().object().has("id");
    var places = new HashMap<String, Row>();
    var strata = new LinkedHashMap<String, Subject>();
    List<FileItem> items = new ArrayList<>();
    for (Row row : rows) {
      String itemId =
          id.map(field -> field.render(row))
              .orElseGet(
                  () -> named ? row.text("id", "the first line") : Integer.toString(items.size()));
      if (!ID.matcher(itemId).matches()) {
        throw row.at("expected an id of one line, found \"%s\"".formatted(itemId));
      }
      Row earlier = places.putIfAbsent(itemId, row);
      if (earlier != null) {
        throw row.at(
            "expected each id once, found \"%s\" again (first on line %d)"
                .formatted(itemId, earlier.line()));
      }
      String itemStratum = stratum.map(field -> field.render(row)).orElse("");
      if (stratum.isPresent()) {
        strata.putIfAbsent(itemStratum, new Subject(itemStratum, itemStratum, "", false));
      }
      items.add(
          new FileItem(
              itemId,
              itemStratum,
              cluster.map(field -> field.render(row)).orElse(itemId),
              prompts.prefixes(row),
              template.render(row),
              judging.continuations(row),
              judging.key(row)));
    }
    return new SuiteItems<>(
        new Origin(name, file.toString(), sha256(), false), items, List.copyOf(strata.values()));
  }

  /** Over the description and all files that it names. */
  private String sha256() {
    var hash = new Sha256().add(Sha256.hex(file)).add(Sha256.hex(data));
    fewShot.ifPresent(shots -> hash.add(Sha256.hex(shots.data)));
    return hash.hex();
  }

  /** Renders headers and examples, each once. */
  private final class Prompts {
    private final List<Row> examples;
    private final Map<Row, String> shown = new HashMap<>();
    private final Map<List<String>, List<String>> known = new HashMap<>();

    Prompts() {
      this.examples = fewShot.map(shots -> Row.read(shots.data)).orElse(List.of());
    }

    /** The prefix with all examples, then with one less each time, from the front. */
    List<String> prefixes(Row row) {
      String begin = header.map(text -> text.render(row)).orElse("");
      if (fewShot.isEmpty()) {
        return known.computeIfAbsent(List.of(begin), key -> List.of(begin));
      }
      FewShot shots = fewShot.get();
      String common = shots.same.map(field -> field.render(row)).orElse("");
      return known.computeIfAbsent(
          List.of(begin, common),
          key -> {
            List<Row> chosen =
                examples.stream()
                    .filter(each ->
                        shots.same.isEmpty() || shots.same.get().render(each).equals(common))
                    .limit(shots.count)
                    .toList();
            if (chosen.size() < shots.count) {
              throw new DataException(
                  "%s: expected %d examples%s, found %d"
                      .formatted(
                          shots.data,
                          shots.count,
                          shots.same.isEmpty() ? "" : " of \"%s\"".formatted(common),
                          chosen.size()));
            }
            List<String> prefixes = new ArrayList<>();
            for (int dropped = 0; dropped <= chosen.size(); dropped++) {
              var prefix = new StringBuilder(begin);
              chosen.stream().skip(dropped).forEach(each -> prefix.append(example(each)));
              prefixes.add(prefix.toString());
            }
            return List.copyOf(prefixes);
          });
    }

    private String example(Row row) {
      return shown.computeIfAbsent(
          row,
          each ->
              template.render(each)
                  + target.map(text -> text.render(each)).orElseGet(() -> judging.target(each))
                  + separator);
    }
  }

  /** The one way in which the suite is asked. */
  private final class AsDescribed implements Protocol<FileItem> {
    private final Layout layout;

    AsDescribed(Layout layout) {
      this.layout = layout;
    }

    @Override
    public String id() {
      return "%s/%s".formatted(name, VARIANT);
    }

    @Override
    public List<Question> questions(List<FileItem> items, boolean chatTemplate) {
      return items.stream()
          .map(item ->
              new Question(
                  item,
                  item.prefixes().stream()
                      .map(prefix ->
                          judging.request(prompt(prefix, item.text(), chat && chatTemplate), item))
                      .toList(),
                  judging.inLayout(item.key(), layout)))
          .toList();
    }

    private static Prompt prompt(String prefix, String text, boolean asChat) {
      return asChat
          ? new Prompt.Chat(List.of(new Prompt.Message("user", prefix + text)), "")
          : new Prompt.Text(prefix, text);
    }

    @Override
    public Grading grade(Question question, Answer answer) {
      return judging.grade(question, answer);
    }
  }
}
