package dev.quantgate.evaluation.protocol;

import dev.quantgate.benchmarks.SuiteData.Subject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What authors report beside the plain mean: pass@k of programs, and of suites with subjects the
 * macro, category and hard-subset averages. Needs no data, so that finished runs can be averaged
 * where the data is not.
 */
public final class Averages {
  /** The k that are reported where there are samples enough. */
  private static final List<Integer> KS = List.of(1, 10, 100);

  private Averages() {}

  /**
   * How an item came out.
   *
   * @param stratum the item's (see {@link Item#stratum}); empty where it has none
   * @param answers answers graded, at least 1: several where a problem was sampled several times
   * @param right how many of them are right
   */
  public record ItemScore(String id, String stratum, int answers, int right) {
    public double score() {
      return (double) right / answers;
    }
  }

  /**
   * A named average: "macro", "micro", "category/STEM", "hard", "subject/law" or "pass@10".
   *
   * @param items how many items it covers, at least 1
   * @param score in 0 .. 1, not rounded
   */
  public record Average(String name, int items, double score) {}

  /**
   * The unbiased estimate of the chance that at least one of {@code k} samples of a problem passes:
   * {@code 1 - C(n - c, k) / C(n, k)}, as the product that openai/human-eval computes (Chen et al.,
   * "Evaluating Large Language Models Trained on Code", 2021, equation 1). For {@code k = 1} that
   * is {@code c / n}, and given as such, unrounded by the product.
   *
   * @param n samples drawn
   * @param c how many of them passed
   * @param k at most {@code n}
   */
  public static double passAtK(int n, int c, int k) {
    if (c < 0 || c > n || k < 1 || k > n) {
      throw new IllegalArgumentException("pass@%d of %d samples, %d passed".formatted(k, n, c));
    }
    if (n - c < k) {
      return 1;
    }
    if (k == 1) {
      return (double) c / n;
    }
    double none = 1;
    for (int i = n - c + 1; i <= n; i++) {
      none *= 1 - (double) k / i;
    }
    return 1 - none;
  }

  /** pass@1, and pass@10 and pass@100 where every problem was sampled so often. */
  public static List<Average> ofPrograms(List<ItemScore> scores) {
    if (scores.isEmpty()) {
      return List.of();
    }
    int samples = scores.stream().mapToInt(ItemScore::answers).min().orElseThrow();
    return KS.stream()
        .filter(k -> k <= samples)
        .map(k ->
            new Average(
                "pass@%d".formatted(k),
                scores.size(),
                scores.stream()
                    .mapToDouble(score -> passAtK(score.answers(), score.right(), k))
                    .average()
                    .orElseThrow()))
        .toList();
  }

  /**
   * Over all subjects alike (macro), over all questions alike (micro), over the subjects of each
   * category and over those of the hard subset, and of each subject. A subject without graded
   * questions counts nowhere. An item whose stratum is not known, of an old record, is of the
   * subject that stands before the last slash of its id.
   *
   * @throws IllegalArgumentException if an item is of none of the subjects
   */
  public static List<Average> ofSubjects(List<Subject> subjects, List<ItemScore> scores) {
    if (scores.isEmpty()) {
      return List.of();
    }
    var bySubject = new LinkedHashMap<Subject, List<ItemScore>>();
    var byKey = new LinkedHashMap<String, List<ItemScore>>();
    for (Subject subject : subjects) {
      bySubject.put(subject, byKey.computeIfAbsent(subject.key(), key -> new ArrayList<>()));
    }
    for (ItemScore score : scores) {
      List<ItemScore> of = byKey.get(subject(score));
      if (of == null) {
        throw new IllegalArgumentException(
            "%s is of no subject of this suite".formatted(score.id()));
      }
      of.add(score);
    }
    bySubject.values().removeIf(List::isEmpty);

    var averages = new ArrayList<Average>();
    averages.add(overSubjects("macro", bySubject, subject -> true));
    averages.add(new Average("micro", scores.size(), mean(scores)));
    bySubject.keySet().stream()
        .map(Subject::category)
        .filter(category -> !category.isEmpty())
        .distinct()
        .forEach(category ->
            averages.add(
                overSubjects(
                    "category/%s".formatted(category),
                    bySubject,
                    subject -> subject.category().equals(category))));
    if (bySubject.keySet().stream().anyMatch(Subject::hard)) {
      averages.add(overSubjects("hard", bySubject, Subject::hard));
    }
    bySubject.forEach((subject, of) ->
        averages.add(new Average("subject/%s".formatted(subject.key()), of.size(), mean(of))));
    return List.copyOf(averages);
  }

  private static String subject(ItemScore score) {
    return score.stratum().isEmpty()
        ? score.id().substring(0, Math.max(0, score.id().lastIndexOf('/')))
        : score.stratum();
  }

  private static Average overSubjects(
      String name, Map<Subject, List<ItemScore>> bySubject, Predicate<Subject> which) {
    var of = bySubject.entrySet().stream().filter(entry -> which.test(entry.getKey())).toList();
    return new Average(
        name,
        of.stream().mapToInt(entry -> entry.getValue().size()).sum(),
        of.stream().mapToDouble(entry -> mean(entry.getValue())).average().orElseThrow());
  }

  private static double mean(List<ItemScore> scores) {
    return scores.stream().mapToDouble(ItemScore::score).average().orElseThrow();
  }
}
