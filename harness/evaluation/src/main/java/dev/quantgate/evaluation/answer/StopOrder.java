package dev.quantgate.evaluation.answer;

import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.protocol.Question;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The order in which a suite's items are asked where the comparison is to stop when it is decided:
 * whole clusters, ordered by a hash of seed and name, in blocks between which one looks. It depends
 * on nothing but suite, seed and items.
 */
public final class StopOrder {
  /** A block has at least so many items, but for the last one. */
  static final int BLOCK = 32;

  private static final String BY_SEED = "random by seed ";

  private StopOrder() {}

  /** The order of a seed in words, as identity.json has it. */
  public static String name(long seed) {
    return BY_SEED + seed;
  }

  /** The seed of an order; empty where the words are not {@link #name}'s. */
  public static OptionalLong seed(String name) {
    try {
      return name.startsWith(BY_SEED)
          ? OptionalLong.of(Long.parseLong(name.substring(BY_SEED.length())))
          : OptionalLong.empty();
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /** The blocks; in each, questions stand in the order of the data, so that prefixes are shared. */
  public static List<List<Question>> blocks(String suite, List<Question> questions, long seed) {
    Map<String, List<Question>> clusters = clusters(questions);
    List<String> order =
        clusters.keySet().stream()
            .sorted(
                Comparator.comparingLong((String cluster) -> rank(suite, seed, cluster))
                    .thenComparing(Comparator.naturalOrder()))
            .toList();
    List<List<Question>> blocks = new ArrayList<>();
    Set<String> block = new HashSet<>();
    for (String cluster : order) {
      clusters.getOrDefault(cluster, List.of()).forEach(question -> block.add(question.id()));
      if (block.size() >= BLOCK) {
        blocks.add(inOrder(questions, block));
        block.clear();
      }
    }
    if (!block.isEmpty()) {
      blocks.add(inOrder(questions, block));
    }
    return blocks;
  }

  /** How many items the largest cluster has. */
  public static int largestCluster(List<Question> questions) {
    return clusters(questions).values().stream().mapToInt(List::size).max().orElse(1);
  }

  private static Map<String, List<Question>> clusters(List<Question> questions) {
    return questions.stream()
        .collect(
            Collectors.groupingBy(
                question -> question.item().cluster(), LinkedHashMap::new, Collectors.toList()));
  }

  private static List<Question> inOrder(List<Question> questions, Set<String> block) {
    return questions.stream().filter(question -> block.contains(question.id())).toList();
  }

  private static long rank(String suite, long seed, String cluster) {
    return ByteBuffer.wrap(
            new Sha256().add("stop").add(suite).add(Long.toString(seed)).add(cluster).bytes())
        .getLong();
  }
}
