package dev.quantgate.evaluation.verify;

import dev.quantgate.evaluation.answer.StopOrder;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.gate.Gate;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.pairs.SuitePairs;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Stopping;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.evaluation.verify.SuiteFinder.Found;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A suite that was asked in random order until it was decided, as its data and the seed of its
 * order say it: which items come first, and at which of them one looks.
 *
 * @param planned items that would have been asked
 * @param largestCluster items of the largest cluster among them
 * @param blocks their ids, in the order in which they are asked
 */
record AskedInOrder(int planned, int largestCluster, List<Set<String>> blocks) {

  /**
   * The suite with the items that identity.json names: those that were asked, or of a suite that
   * was stopped those that would have been: all of them, or as many as its seed draws. Empty where
   * they are others, of which the hash alone is known.
   *
   * @param ids of the records
   */
  static Optional<SuiteTask> planned(Found found, SuiteIdentity identity, List<String> ids) {
    if (!identity.asking().containsKey(SuiteIdentity.ORDER)) {
      return Optional.of(found.named(ids));
    }
    OptionalLong seed = seed(identity);
    int items = count(identity.items());
    if (seed.isEmpty() || items == 0) {
      return Optional.empty();
    }
    return Stream.<Supplier<SuiteTask>>of(
            () -> found.named(ids), found::all, () -> found.drawn(items, seed.getAsLong()))
        .map(Supplier::get)
        .filter(task -> RunFolder.items(task.ids()).equals(identity.items()))
        .findFirst();
  }

  private static OptionalLong seed(SuiteIdentity identity) {
    return StopOrder.seed(identity.asking().getOrDefault(SuiteIdentity.ORDER, ""));
  }

  /** How many items a text of {@link RunFolder#items} names; 0 where it is none. */
  private static int count(String items) {
    String number = items.substring(0, Math.max(0, items.indexOf(' ')));
    return number.matches("[0-9]{1,9}") ? Integer.parseInt(number) : 0;
  }

  /**
   * The order of a suite that was stopped.
   *
   * @param identity one whose {@link #planned} items are known
   * @param questions all of these
   */
  static AskedInOrder of(String suite, SuiteIdentity identity, List<Question> questions) {
    long seed = seed(identity).orElseThrow();
    return new AskedInOrder(
        questions.size(),
        StopOrder.largestCluster(questions),
        StopOrder.blocks(suite, questions, seed).stream()
            .map(block -> Set.copyOf(block.stream().map(Question::id).toList()))
            .toList());
  }

  /** What provenance.json must say of a suite of which these items were asked. */
  Stopping stopping(List<String> ids) {
    return new Stopping(planned, largestCluster, RunFolder.items(ids));
  }

  /** Holds the items that were asked against the first ones of the order, whole blocks. */
  void verify(String file, List<String> ids, Findings findings) {
    Set<String> wanted = new HashSet<>();
    for (int i = 0; i < blocks.size() && wanted.size() < ids.size(); i++) {
      wanted.addAll(blocks.get(i));
    }
    Set<String> found = new HashSet<>(ids);
    wanted.stream()
        .filter(id -> !found.contains(id))
        .sorted()
        .findFirst()
        .ifPresent(id -> amiss(file, id, "nothing", "a record", wanted.size(), findings));
    found.stream()
        .filter(id -> !wanted.contains(id))
        .sorted()
        .findFirst()
        .ifPresent(id -> amiss(file, id, "a record", "nothing", wanted.size(), findings));
  }

  private static void amiss(
      String file, String id, String found, String expected, int first, Findings findings) {
    findings.add(
        new Difference(
            file,
            0,
            "item %s".formatted(id),
            found,
            expected,
            "the order of its seed, whose first %d items are asked".formatted(first)));
  }

  /**
   * Looks where the run did, and tells where the pairs decide it at another look than the last.
   *
   * @param pairs of all items that were asked
   * @param suites that were asked together
   */
  void verifyLooks(Gate gate, SuitePairs pairs, int suites, String file, Findings findings) {
    List<Pair> seen = new ArrayList<>();
    for (Set<String> block : blocks) {
      pairs.pairs().stream().filter(pair -> block.contains(pair.id())).forEach(seen::add);
      boolean last = seen.size() >= pairs.pairs().size();
      if (gate.decided(looked(pairs, seen), suites) || seen.size() >= planned) {
        if (!last) {
          stoppedElsewhere(pairs, "%d, which decide it".formatted(seen.size()), file, findings);
        }
        return;
      }
      if (last) {
        stoppedElsewhere(pairs, "more, as these decide nothing", file, findings);
        return;
      }
    }
  }

  private void stoppedElsewhere(SuitePairs pairs, String expected, String file, Findings findings) {
    findings.add(
        new Difference(
            file,
            0,
            "suites.%s.stopping".formatted(pairs.suite()),
            "%d of %d items".formatted(pairs.pairs().size(), planned),
            expected,
            "the bounds at each look"));
  }

  /** What was known at a look, when no obstacle was. */
  private static SuitePairs looked(SuitePairs all, List<Pair> seen) {
    return new SuitePairs(
        all.suite(),
        all.protocol(),
        all.available(),
        all.chance(),
        List.of(),
        List.of(),
        all.stopping(),
        seen);
  }
}
