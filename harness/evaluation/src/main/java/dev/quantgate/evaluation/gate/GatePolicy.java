package dev.quantgate.evaluation.gate;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.quantgate.evaluation.record.EvaluationException;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What the gate is told.
 *
 * @param margin the allowed loss, 0 .. 100: percentage points, or percent of the baseline's score,
 *     as {@code marginKind} says
 * @param marginReason why it is wider than {@link Margin#USUAL}; empty where it is not
 * @param margins of suites that have their own, by name; a suite that is named here must be there
 * @param onInconclusive what happens where nothing is proven
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record GatePolicy(
    double margin,
    MarginKind marginKind,
    Optional<String> marginReason,
    SortedMap<String, Margin> margins,
    OnInconclusive onInconclusive) {
  /** One point; the point rule. */
  public static final GatePolicy DEFAULT = new GatePolicy(1.0, OnInconclusive.POINT);

  public GatePolicy {
    margins = Collections.unmodifiableSortedMap(new TreeMap<>(margins));
    marginReason = new Margin(margin, marginKind, marginReason).reason();
  }

  /** As files have it; earlier ones say neither a kind nor margins of suites. */
  @JsonCreator
  static GatePolicy read(
      @JsonProperty("margin") double margin,
      @JsonProperty("marginKind") Optional<MarginKind> kind,
      @JsonProperty("marginReason") Optional<String> reason,
      @JsonProperty("margins") Optional<SortedMap<String, Margin>> margins,
      @JsonProperty("onInconclusive") OnInconclusive onInconclusive) {
    return new GatePolicy(
        margin,
        kind.orElse(MarginKind.ABSOLUTE),
        reason,
        margins.orElseGet(TreeMap::new),
        onInconclusive);
  }

  /** The same margin in points for every suite. */
  public GatePolicy(double margin, OnInconclusive onInconclusive) {
    this(Margin.ofPoints(margin), Map.of(), onInconclusive);
  }

  /** A margin, and others for some suites. */
  public GatePolicy(Margin margin, Map<String, Margin> margins, OnInconclusive onInconclusive) {
    this(margin.margin(), margin.kind(), margin.reason(), new TreeMap<>(margins), onInconclusive);
  }

  /** The margin of suites that have none of their own. */
  @JsonIgnore
  public Margin general() {
    return new Margin(margin, marginKind, marginReason);
  }

  /** A suite's margin. */
  public Margin marginOf(String suite) {
    Margin own = margins.get(suite);
    return own == null ? general() : own;
  }

  /** When suites that are asked until decided count as decided, as identity.json has it. */
  public String stopRule(List<String> suites) {
    return "beyond a margin of %s"
        .formatted(
            suites.stream()
                .map(this::marginOf)
                .map(each -> "%s %s".formatted(each.margin(), each.kind()))
                .collect(Collectors.joining(", ")));
  }

  /**
   * Refuses a policy of which a margin is wider than {@link Margin#USUAL} for no reason.
   *
   * @throws EvaluationException naming the margin
   */
  public void requireReasons() {
    if (general().lacksReason()) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          "a margin of %s is wider than %s and needs a reason; say it as --margin-reason TEXT"
              .formatted(Margin.number(margin), Margin.number(Margin.USUAL)));
    }
    margins.forEach((suite, own) -> {
      if (own.lacksReason()) {
        throw new EvaluationException(
            EvaluationException.Kind.SETTING,
            "margins: %s: a margin of %s is wider than %s and needs a reason; say {margin: %s, reason: TEXT}"
                .formatted(
                    suite,
                    Margin.number(own.margin()),
                    Margin.number(Margin.USUAL),
                    Margin.number(own.margin())));
      }
    });
  }

  /**
   * Refuses a policy by which no run can stop: a relative margin is another one at each look, and
   * bounds that hold at every look are those of one margin.
   *
   * @throws EvaluationException naming the margin
   */
  public void requireStoppable() {
    margins.forEach((suite, own) -> requireStoppable("margins: %s: ".formatted(suite), own));
    requireStoppable("", general());
  }

  private static void requireStoppable(String where, Margin margin) {
    if (margin.relative()) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          "%s--stop-when-decided needs an absolute margin, and this one is %s; say the margin in points, or ask all items"
              .formatted(where, margin.kind()));
    }
  }

  /** What happens where neither a loss nor its absence is proven. */
  public enum OnInconclusive {
    /** Pass if the measured loss is at most the margin. */
    POINT,
    FAIL,
    PASS,
    /** Say so: exit code 3. */
    REPORT;

    @JsonValue
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
