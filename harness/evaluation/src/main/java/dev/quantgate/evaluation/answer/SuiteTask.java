package dev.quantgate.evaluation.answer;

import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.benchmarks.SuiteData.Origin;
import dev.quantgate.benchmarks.SuiteData.Subject;
import dev.quantgate.evaluation.protocol.Item;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Metric;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.protocol.SuiteItems;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.ItemFacts;
import dev.quantgate.evaluation.record.Provenance;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.SuiteIdentity;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;

/** A suite as one run asks it: what its data holds, and what of it is drawn. */
public final class SuiteTask {
  private final String suite;
  private final Metric metric;
  private final Origin origin;
  private final List<Subject> subjects;
  private final List<? extends Item> all;
  private final List<? extends Item> drawn;
  private final Protocol<?> protocol;
  private final Asker asker;

  /** A protocol with the items that it asks about. */
  @FunctionalInterface
  private interface Asker {
    List<Question> questions(boolean chatTemplate);
  }

  private <I extends Item> SuiteTask(
      Suite<I> suite, SuiteItems<I> items, List<I> drawn, Protocol<I> protocol) {
    this.suite = suite.name();
    this.metric = suite.metric();
    this.origin = items.origin();
    this.subjects = items.subjects();
    this.all = items.items();
    this.drawn = drawn;
    this.protocol = protocol;
    this.asker = chatTemplate -> protocol.questions(drawn, chatTemplate);
  }

  /** The suites of a plan, each found and read. */
  public static List<SuiteTask> all(Services services, RunPlan plan) {
    List<SuiteTask> tasks = plan.suites().stream().map(suite -> of(services, plan, suite)).toList();
    List<String> names = tasks.stream().map(SuiteTask::suite).toList();
    if (names.stream().distinct().count() != names.size()) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          "two suites have one name: %s".formatted(String.join(", ", names)));
    }
    for (String id : plan.items()) {
      if (tasks.stream().noneMatch(task -> task.ids().contains(id))) {
        throw new EvaluationException(
            EvaluationException.Kind.SETTING,
            "--items: \"%s\" is no item of %s; the first of %s is \"%s\""
                .formatted(
                    id,
                    String.join(", ", names),
                    names.getFirst(),
                    tasks.getFirst().allIds().getFirst()));
      }
    }
    return tasks;
  }

  /** The names of a plan's suites, found without reading their data. */
  public static List<String> names(Services services, RunPlan plan) {
    return plan.suites().stream()
        .<String>map(reference -> find(services, reference).name())
        .toList();
  }

  /**
   * Finds a suite and its protocol, reads its data and draws.
   *
   * @param reference what the user typed for the suite
   */
  public static SuiteTask of(Services services, RunPlan plan, String reference) {
    return of(find(services, reference), plan, reference);
  }

  private static Suite<?> find(Services services, String reference) {
    try {
      return services.suites().find(reference);
    } catch (IllegalArgumentException e) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING, String.valueOf(e.getMessage()), e);
    }
  }

  private static <I extends Item> SuiteTask of(Suite<I> suite, RunPlan plan, String reference) {
    String variant =
        Optional.ofNullable(plan.protocols().get(reference))
            .or(() -> Optional.ofNullable(plan.protocols().get(suite.name())))
            .orElse(suite.protocols().getFirst().name());
    Protocol<I> protocol = suite.protocol(variant, plan.layout());
    SuiteItems<I> items = suite.load(new DataOptions(plan.data(), plan.acceptData()));
    if (items.items().isEmpty()) {
      throw new EvaluationException(
          EvaluationException.Kind.INPUT,
          "%s: suite %s has no items".formatted(items.origin().file(), suite.name()));
    }
    List<I> drawn =
        plan.limit().isPresent()
            ? Draw.of(suite.name(), items.items(), plan.limit().getAsInt(), plan.seed())
            : plan.items().isEmpty() ? items.items() : named(suite, items, plan.items());
    return new SuiteTask(suite, items, drawn, protocol);
  }

  private static <I extends Item> List<I> named(
      Suite<I> suite, SuiteItems<I> items, List<String> ids) {
    Set<String> wanted = Set.copyOf(ids);
    List<I> named = items.items().stream().filter(item -> wanted.contains(item.id())).toList();
    if (named.isEmpty()) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          "--items names no item of %s, whose first is \"%s\"; leave the suite out or name one"
              .formatted(suite.name(), items.items().getFirst().id()));
    }
    return named;
  }

  /** The suite's name. */
  public String suite() {
    return suite;
  }

  /** Where the items came from. */
  public Origin origin() {
    return origin;
  }

  public Protocol<?> protocol() {
    return protocol;
  }

  /** The items as questions, in order. */
  public List<Question> questions(boolean chatTemplate) {
    List<Question> questions = asker.questions(chatTemplate);
    for (Question question : questions) {
      if (question.key() instanceof Key.Choice choice && choice.index() < 0) {
        throw new EvaluationException(
            EvaluationException.Kind.INPUT,
            "%s: %s item %s has no right answer in this file, so nothing can be judged; give a labelled one"
                .formatted(origin.file(), suite, question.id()));
      }
    }
    return questions;
  }

  /** Whether a model writes its answers, or else is asked how likely given ones are. */
  public boolean writesTexts() {
    return asker.questions(false).stream()
        .anyMatch(question -> question.request() instanceof Request.Generate);
  }

  public boolean ofPrograms() {
    return metric == Metric.PROGRAM;
  }

  /** What the strata are called and grouped by; empty where no average is taken over strata. */
  public List<Subject> subjects() {
    return subjects;
  }

  public Provenance.SuiteFacts facts() {
    return new Provenance.SuiteFacts(
        origin.file(),
        origin.catalogued(),
        all.size(),
        subjects,
        all.stream().mapToDouble(Item::chance).average());
  }

  /** What judging needs to know of each item of the whole suite, by id. */
  public Map<String, ItemFacts> itemFacts() {
    var categories = new HashMap<String, String>();
    subjects.forEach(subject -> categories.put(subject.key(), subject.category()));
    var facts = new LinkedHashMap<String, ItemFacts>();
    for (Item item : all) {
      facts.put(
          item.id(),
          new ItemFacts(
              facts.size(),
              item.stratum(),
              categories.getOrDefault(item.stratum(), ""),
              Optional.of(item.cluster()),
              item.choices()));
    }
    return facts;
  }

  /**
   * What must be equal in this suite for a run to be continued.
   *
   * @param asking how it is asked, as far as it is known
   * @param sandbox what executes programs
   */
  public SuiteIdentity identity(
      RunPlan plan, SortedMap<String, String> asking, Optional<SuiteIdentity.Sandbox> sandbox) {
    return new SuiteIdentity(
        origin.sha256(),
        RunFolder.items(ids()),
        protocol.id(),
        asking,
        ofPrograms() ? Optional.of(plan.layout().id()) : Optional.empty(),
        ofPrograms() ? sandbox : Optional.empty());
  }

  /** How many items that are asked each cluster has. */
  public Collection<Integer> clusterSizes() {
    var sizes = new LinkedHashMap<String, Integer>();
    drawn.forEach(item -> sizes.merge(item.cluster(), 1, Integer::sum));
    return sizes.values();
  }

  /** Ids of the whole data. */
  public List<String> allIds() {
    return all.stream().map(Item::id).toList();
  }

  /** Ids of what is asked. */
  public List<String> ids() {
    return drawn.stream().map(Item::id).toList();
  }
}
