package dev.quantgate.evaluation.answer;

import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.protocol.Item;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A seeded, stratified draw of items: every stratum (subject, label) has its share, by the method
 * of largest remainders. Inside a stratum items are ordered by a hash of seed and id and the first
 * ones taken, so that the draw depends on nothing but suite, seed, limit and ids, and on no
 * generator that another release may change.
 */
public final class Draw {
  private Draw() {}

  /**
   * At most {@code limit} items, in the order of the data.
   *
   * @param suite the suite's name
   */
  public static <I extends Item> List<I> of(String suite, List<I> items, int limit, long seed) {
    if (limit >= items.size()) {
      return items;
    }
    Map<String, List<String>> strata = new LinkedHashMap<>();
    for (I item : items) {
      strata.computeIfAbsent(item.stratum(), name -> new ArrayList<>()).add(item.id());
    }
    Set<String> drawn = new HashSet<>();
    for (Share share : shares(strata, items.size(), limit, suite, seed)) {
      share.ids.stream()
          .sorted(
              Comparator.comparingLong((String id) -> rank(suite, seed, id))
                  .thenComparing(Comparator.naturalOrder()))
          .limit(share.items)
          .forEach(drawn::add);
    }
    return items.stream().filter(item -> drawn.contains(item.id())).toList();
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
