package dev.quantgate.evaluation.pairs;

import dev.quantgate.evaluation.record.ItemFacts;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ItemRecord.Sample;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiConsumer;

/** Makes pairs of records. */
public final class Pairing {
  /** A longer answer is cut: the records have it whole. */
  private static final int MOST_CHARACTERS = 1_000;

  private Pairing() {}

  /**
   * Hands each of the baseline's records to {@code sink} with the candidate's of the same id;
   * records that only one of them has are passed over.
   */
  public static void match(
      List<ItemRecord> baseline,
      List<ItemRecord> candidate,
      BiConsumer<ItemRecord, ItemRecord> sink) {
    Map<String, ItemRecord> others = new HashMap<>();
    candidate.forEach(record -> others.put(record.id(), record));
    for (ItemRecord one : baseline) {
      ItemRecord other = others.get(one.id());
      if (other != null) {
        sink.accept(one, other);
      }
    }
  }

  /**
   * One item's pair.
   *
   * @param place stands for the item's ordinal where its record, an older one, does not know it
   */
  public static Pair of(int place, ItemRecord one, ItemRecord other) {
    ItemFacts facts =
        one.facts()
            .or(other::facts)
            .orElseGet(() -> new ItemFacts(place, "", "", Optional.empty(), one.choices().size()));
    boolean sameAnswer = answers(one).equals(answers(other));
    boolean tokens = hasTokens(one) && hasTokens(other);
    OptionalInt divergence = tokens ? divergence(one, other) : OptionalInt.empty();
    return new Pair(
        facts.ordinal(),
        one.id(),
        facts.stratum(),
        facts.category(),
        facts.cluster(),
        facts.choices(),
        one.expected(),
        kind(one, other, sameAnswer),
        one.margin().isPresent() && one.margin().getAsDouble() < Pair.NEAR_TIE,
        sameAnswer,
        tokens
            ? Optional.of(divergence.isEmpty() && one.samples().size() == other.samples().size())
            : Optional.empty(),
        divergence,
        answered(one),
        answered(other));
  }

  private static Pair.Kind kind(ItemRecord one, ItemRecord other, boolean sameAnswer) {
    if (one.fault().isPresent() || other.fault().isPresent()) {
      return Pair.Kind.UNGRADED;
    }
    int order =
        Long.compare((long) other.right() * one.answers(), (long) one.right() * other.answers());
    if (order != 0) {
      return order < 0 ? Pair.Kind.LOSS : Pair.Kind.GAIN;
    }
    return sameAnswer ? Pair.Kind.SAME : Pair.Kind.CHURN;
  }

  private static List<String> answers(ItemRecord record) {
    return record.samples().isEmpty()
        ? List.of(record.answer())
        : record.samples().stream().map(Sample::answer).toList();
  }

  private static boolean hasTokens(ItemRecord record) {
    return !record.samples().isEmpty()
        && record.samples().stream().noneMatch(sample -> sample.tokens().isEmpty());
  }

  private static OptionalInt divergence(ItemRecord one, ItemRecord other) {
    int samples = Math.min(one.samples().size(), other.samples().size());
    for (int i = 0; i < samples; i++) {
      List<Integer> first = one.samples().get(i).tokens();
      List<Integer> second = other.samples().get(i).tokens();
      if (!first.equals(second)) {
        int at = 0;
        while (at < Math.min(first.size(), second.size()) && first.get(at).equals(second.get(at))) {
          at++;
        }
        return OptionalInt.of(at);
      }
    }
    return OptionalInt.empty();
  }

  private static Pair.Answered answered(ItemRecord record) {
    return new Pair.Answered(
        cut(record.answer()),
        record.answers(),
        record.right(),
        record.fault(),
        record.margin(),
        record.tied(),
        record.shortened(),
        record.choices(),
        record.samples().stream()
            .map(sample ->
                new Pair.Text(
                    sample.tokens().isEmpty()
                        ? OptionalInt.empty()
                        : OptionalInt.of(sample.tokens().size()),
                    sample.end(),
                    sample.execution()))
            .toList());
  }

  private static String cut(String text) {
    if (text.length() <= MOST_CHARACTERS) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(MOST_CHARACTERS - 1)) ? 1 : 0;
    return text.substring(0, MOST_CHARACTERS - end) + "…";
  }
}
