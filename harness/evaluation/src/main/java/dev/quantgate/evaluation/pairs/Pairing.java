package dev.quantgate.evaluation.pairs;

import dev.quantgate.evaluation.record.ItemFacts;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ItemRecord.Sample;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
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
    Optional<Distances.Place> parted = tokens ? Distances.parted(one, other) : Optional.empty();
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
            ? Optional.of(parted.isEmpty() && one.samples().size() == other.samples().size())
            : Optional.empty(),
        parted.map(each -> OptionalInt.of(each.token())).orElse(OptionalInt.empty()),
        Distances.kl(one.choices(), other.choices()),
        tokens ? Distances.sameTokenShare(one, other) : OptionalDouble.empty(),
        tokens ? Distances.lengthRatio(one, other) : OptionalDouble.empty(),
        answered(one, parted),
        answered(other, parted));
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

  private static Pair.Answered answered(ItemRecord record, Optional<Distances.Place> parted) {
    return new Pair.Answered(
        cut(record.answer()),
        record.answers(),
        record.right(),
        record.fault(),
        record.margin(),
        parted.map(place -> place.margin(record)).orElse(OptionalDouble.empty()),
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
    return "%s…".formatted(text.substring(0, MOST_CHARACTERS - end));
  }
}
