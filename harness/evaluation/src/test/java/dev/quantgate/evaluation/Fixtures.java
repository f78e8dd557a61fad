package dev.quantgate.evaluation;

import dev.quantgate.benchmarks.DataException;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.benchmarks.SuiteData.CodeProblem;
import dev.quantgate.benchmarks.SuiteData.ExamQuestion;
import dev.quantgate.benchmarks.SuiteData.Label;
import dev.quantgate.benchmarks.SuiteData.Origin;
import dev.quantgate.benchmarks.SuiteData.SentencePair;
import dev.quantgate.benchmarks.SuiteData.Subject;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.suite.CodeSuite;
import dev.quantgate.evaluation.suite.ExamSuite;
import dev.quantgate.evaluation.suite.PairSuite;
import dev.quantgate.inference.Capabilities;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.sandbox.SandboxDescription;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Small suites, models that know most of their answers, and doors that lead to both. A model is
 * named by its folder, and its script says which items it gets wrong.
 */
public final class Fixtures {
  private static final Pattern MARK = Pattern.compile("<<(.+?)>>");
  private static final List<String> CMNLI = List.of("矛盾", "蕴含", "无关");

  private final Map<String, SuiteData> suites = new LinkedHashMap<>();
  private final Map<Path, FakeModel.Script> scripts = new HashMap<>();
  private final AtomicInteger loads = new AtomicInteger();
  private final AtomicInteger executed = new AtomicInteger();
  private Runnable pause = () -> {};
  private SandboxDescription sandbox = FakeSandbox.described("fake", "3.13", "split");
  private int context = 100_000;
  private String revision = "fake/1 512-bit";
  private boolean identifies;
  private Optional<Path> cache = Optional.empty();
  private final Map<Path, String> weights = new HashMap<>();

  /** Four subjects of different sizes, as C-Eval has them. */
  public Fixtures exam(String suite, int... sizes) {
    List<Subject> subjects = new ArrayList<>();
    List<ExamQuestion> questions = new ArrayList<>();
    Map<String, List<ExamQuestion>> demos = new HashMap<>();
    for (int s = 0; s < sizes.length; s++) {
      String subject = "subject_" + (char) ('a' + s);
      subjects.add(new Subject(subject, "科目" + s, s % 2 == 0 ? "STEM" : "Humanities", s == 0));
      for (int i = 0; i < sizes[s]; i++) {
        questions.add(question(subject, subject + "/" + i, i % 4));
      }
      List<ExamQuestion> shown = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        shown.add(
            new ExamQuestion(
                subject + "/demo" + i, subject, "例" + i, List.of("a", "b", "c", "d"), i % 4, ""));
      }
      demos.put(subject, shown);
    }
    suites.put(
        suite,
        new SuiteData.Exam(
            new Origin(suite, suite + ".zip", "e".repeat(64), true), subjects, questions, demos));
    return this;
  }

  private static ExamQuestion question(String subject, String id, int answer) {
    return new ExamQuestion(
        id, subject, "<<" + id + ">>?", List.of("a", "b", "c", "d"), answer, "");
  }

  /** Problems whose right answer is to return their number. */
  public Fixtures code(String suite, int size) {
    List<CodeProblem> problems = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      problems.add(
          new CodeProblem(
              "HumanEval/" + i,
              "def f():\n    \"\"\"<<HumanEval/" + i + ">>\"\"\"\n",
              "f",
              "    return " + (1000 + i) + "\n",
              "assert candidate() == " + (1000 + i) + "\n"));
    }
    suites.put(
        suite,
        new SuiteData.Code(new Origin(suite, suite + ".jsonl", "c".repeat(64), true), problems));
    return this;
  }

  /** Sentence pairs of all three labels in turn. */
  public Fixtures pairs(String suite, int size) {
    List<SentencePair> pairs = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      pairs.add(new SentencePair(Integer.toString(i), "<<" + i + ">>", "b", Label.values()[i % 3]));
    }
    suites.put(
        suite,
        new SuiteData.Pairs(new Origin(suite, suite + ".json", "d".repeat(64), true), pairs));
    return this;
  }

  /** Other items of a suite under another hash. */
  public Fixtures replace(String suite, SuiteData data) {
    suites.put(suite, data);
    return this;
  }

  public SuiteData suite(String suite) {
    SuiteData data = suites.get(suite);
    if (data == null) {
      throw new DataException("no suite " + suite);
    }
    return data;
  }

  /** A model, by its folder, that gets all right but some items. */
  public Fixtures model(Path folder, String... wrong) {
    return script(folder, new Knowing(Set.of(wrong)));
  }

  public Fixtures script(Path folder, FakeModel.Script script) {
    scripts.put(folder, script);
    return this;
  }

  /** Called before each result of the sandbox. */
  public Fixtures pauseSandbox(Runnable runnable) {
    pause = runnable;
    return this;
  }

  public Fixtures sandboxVersion(String version) {
    sandbox = FakeSandbox.described("fake", version, "split");
    return this;
  }

  /** What the sandbox calls itself, and who judges in it. */
  public Fixtures sandbox(String kind, String checker) {
    sandbox = FakeSandbox.described(kind, "3.13", checker);
    return this;
  }

  /** The context of every model, in characters. */
  public Fixtures context(int tokens) {
    context = tokens;
    return this;
  }

  /** Whether models are known without a load. */
  public Fixtures identifying() {
    identifies = true;
    return this;
  }

  /** What names a model's weights, in the place of its folder's name. */
  public Fixtures weights(Path folder, String sha256) {
    weights.put(folder, sha256);
    return this;
  }

  /** A folder for what can be made again. */
  public Fixtures cache(Path folder) {
    cache = Optional.of(folder);
    return this;
  }

  /** What every model says of its engine. */
  public Fixtures engine(String name) {
    revision = name;
    return this;
  }

  public int loads() {
    return loads.get();
  }

  public int executed() {
    return executed.get();
  }

  public Services doors() {
    return new Services(
        this::named,
        new Loader(),
        (kind, options) -> new FakeSandbox(executed, pause, sandbox),
        cache);
  }

  private final class Loader implements Services.ModelLoader {
    @Override
    public LanguageModel load(String engine, ModelReference model, EngineOptions options) {
      loads.incrementAndGet();
      return of(model);
    }

    @Override
    public Optional<ModelIdentity> identify(String engine, ModelReference model) {
      return identifies ? Optional.of(of(model).identity()) : Optional.empty();
    }

    private FakeModel of(ModelReference model) {
      Path folder = ((ModelReference.Folder) model).path();
      FakeModel.Script script = scripts.get(folder);
      if (script == null) {
        throw new IllegalArgumentException("no script for %s".formatted(folder));
      }
      return new FakeModel(
          revision,
          weights.getOrDefault(folder, "weights of %s".formatted(folder.getFileName())),
          script,
          new Capabilities(true, true, true, false, OptionalInt.of(context)));
    }
  }

  private Suite<?> named(String suite) {
    return switch (suite(suite)) {
      case SuiteData.Code code -> new CodeSuite(suite, "", options -> code);
      case SuiteData.Pairs pairs -> new PairSuite(suite, "", options -> pairs);
      case SuiteData.Exam exam -> new ExamSuite(suite, "", options -> exam);
    };
  }

  public QuantGate quantGate() {
    return new QuantGate(doors());
  }

  /** Knows every right answer but those of some items. */
  public class Knowing implements FakeModel.Script {
    private final Set<String> wrong;

    public Knowing(Set<String> wrong) {
      this.wrong = new HashSet<>(wrong);
    }

    @Override
    public double logProbability(String prompt, String continuation) {
      String id = idIn(prompt);
      int choice = "ABCD".indexOf(continuation.strip());
      if (choice < 0) {
        choice = CMNLI.indexOf(continuation.strip());
      }
      int right = Integer.parseInt(rightAnswer(id));
      int chosen = wrong.contains(id) ? (right + 1) % 3 : right;
      return choice == chosen ? -0.25 : -1 - choice / 8.0;
    }

    @Override
    public String write(String prompt, String mark) {
      String id = idIn(prompt);
      return "    return " + (wrong.contains(id) ? "0" : rightAnswer(id)) + mark(mark) + "\n";
    }

    private static String mark(String mark) {
      return mark.isEmpty() ? "" : "  # " + mark;
    }
  }

  /** The item that a prompt asks about: the last mark in it, as demos stand before the question. */
  static String idIn(String prompt) {
    Matcher mark = MARK.matcher(prompt);
    String id = "";
    while (mark.find()) {
      id = mark.group(1);
    }
    return id;
  }

  private String rightAnswer(String id) {
    for (SuiteData data : suites.values()) {
      switch (data) {
        case SuiteData.Code code -> {
          for (CodeProblem problem : code.problems()) {
            if (problem.id().equals(id)) {
              return problem.canonicalSolution().replaceAll("\\D", "");
            }
          }
        }
        case SuiteData.Exam exam -> {
          for (ExamQuestion question : exam.questions()) {
            if (question.id().equals(id)) {
              return Integer.toString(question.answer());
            }
          }
        }
        case SuiteData.Pairs pairs -> {
          for (SentencePair pair : pairs.pairs()) {
            if (pair.id().equals(id)) {
              return Integer.toString(pair.label().ordinal());
            }
          }
        }
      }
    }
    throw new IllegalArgumentException("no item " + id);
  }
}
