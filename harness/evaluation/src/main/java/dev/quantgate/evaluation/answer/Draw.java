package dev.quantgate.evaluation.answer;

import dev.quantgate.base.Sha256;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.benchmarks.SuiteData.CodeProblem;
import dev.quantgate.benchmarks.SuiteData.ExamQuestion;
import dev.quantgate.benchmarks.SuiteData.SentencePair;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * A seeded, stratified draw of items: every stratum (subject, label) has its share, by the method
 * of largest remainders. Inside a stratum items are ordered by a hash of seed and id and the first
 * ones taken, so that the draw depends on nothing but suite, seed, limit and ids, and on no
 * generator that another release may change.
 */
public final class Draw {
  private Draw() {}

  /** At most {@code limit} items of a suite, in the order of the data. */
  public static SuiteData of(SuiteData data, int limit, long seed) {
    if (limit >= data.size()) {
      return data;
    }
    String suite = data.origin().suite();
    return switch (data) {
      case SuiteData.Code code ->
          new SuiteData.Code(
              code.origin(),
              take(suite, code.problems(), CodeProblem::id, problem -> "", limit, seed));
      case SuiteData.Pairs pairs ->
          new SuiteData.Pairs(
              pairs.origin(),
              take(
                  suite,
                  pairs.pairs(),
                  SentencePair::id,
                  pair -> pair.label().name(),
                  limit,
                  seed));
      case SuiteData.Exam exam ->
          new SuiteData.Exam(
              exam.origin(),
              exam.subjects(),
              take(suite, exam.questions(), ExamQuestion::id, ExamQuestion::subject, limit, seed),
              exam.demos());
    };
  }

  public static <T> List<T> take(
      String suite,
      List<T> items,
      Function<T, String> id,
      Function<T, String> stratum,
      int limit,
      long seed) {
    Map<String, List<String>> strata = new LinkedHashMap<>();
    for (T item : items) {
      strata.computeIfAbsent(stratum.apply(item), name -> new ArrayList<>()).add(id.apply(item));
    }
    List<Share> shares = shares(strata, items.size(), limit, suite, seed);
    Set<String> drawn = new HashSet<>();
    for (Share share : shares) {
      share.ids.stream()
          .sorted(
              Comparator.comparingLong((String name) -> rank(suite, seed, name))
                  .thenComparing(Comparator.naturalOrder()))
          .limit(share.items)
          .forEach(drawn::add);
    }
    return items.stream().filter(item -> drawn.contains(id.apply(item))).toList();
  }

  private static List<Share> shares(
      Map<String, List<String>> strata, int size, int limit, String suite, long seed) {
    List<Share> shares = new ArrayList<>();
    int given = 0;
    for (var stratum : strata.entrySet()) {
      long exact = (long) stratum.getValue().size() * limit;
      int whole = (int) (exact / size);
      shares.add(new Share(stratum.getKey(), stratum.getValue(), whole, exact % size));
      given += whole;
    }
    List<Share> byRemainder =
        shares.stream()
            .sorted(
                Comparator.comparingLong((Share share) -> share.remainder)
                    .reversed()
                    .thenComparingLong(share -> rank(suite, seed, share.name)))
            .toList();
    for (int i = 0; i < limit - given; i++) {
      byRemainder.get(i).items++;
    }
    return shares;
  }

  private static long rank(String suite, long seed, String name) {
    return ByteBuffer.wrap(new Sha256().add(suite).add(Long.toString(seed)).add(name).bytes())
        .getLong();
  }

  private static final class Share {
    final String name;
    final List<String> ids;
    final long remainder;
    int items;

    Share(String name, List<String> ids, int items, long remainder) {
      this.name = name;
      this.ids = ids;
      this.items = items;
      this.remainder = remainder;
    }
  }
}
