package dev.quantgate.evaluation.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.gate.statistics.Interval;
import dev.quantgate.evaluation.gate.statistics.McNemar;
import dev.quantgate.evaluation.record.Json;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The form that evidence has in comparison.json, which later versions read. */
class EvidenceTest {

  @Test
  void itsPartsStandSideBySideAsFieldsOfOneObject() {
    var evidence =
        new Evidence(
            Evidence.Method.TANGO,
            new Evidence.Counts(10, 4, 3, 2, 1),
            new Evidence.Spread(5, 1.5, 0.5),
            new Evidence.Difference(-10, -60, 40, Optional.of(new Interval(-50, 30))),
            new Evidence.Loss(
                Optional.of(new McNemar(0.5, 1, 0.75)), OptionalDouble.of(0.625), false, true),
            new Evidence.Scale(1, 10),
            0.25,
            new Evidence.Reach(55, OptionalLong.of(268), OptionalLong.of(27)));

    assertWritten(
        evidence,
        "{\"method\":\"tango\",\"items\":10,\"bothRight\":4,\"losses\":3,\"gains\":2,\"bothWrong\":1,"
            + "\"clusters\":5,\"designEffect\":1.5,\"flipRate\":0.5,\"deltaPoints\":-10.0,"
            + "\"lowerPoints\":-60.0,\"upperPoints\":40.0,"
            + "\"newcombePoints\":{\"lower\":-50.0,\"upper\":30.0},"
            + "\"mcnemar\":{\"loss\":0.5,\"twoSided\":1.0,\"midP\":0.75},\"lossP\":0.625,"
            + "\"realLoss\":false,\"beyondMargin\":true,\"marginPoints\":1.0,\"itemPoints\":10.0,"
            + "\"baselineLowerBound\":0.25,\"visibleLossPoints\":55.0,\"itemsNeeded\":268,"
            + "\"samplesNeeded\":27}");
  }

  @Test
  void whatIsUnknownIsAbsent() {
    var evidence =
        new Evidence(
            Evidence.Method.SEQUENCE,
            new Evidence.Counts(10, 4, 3, 2, 1),
            new Evidence.Spread(10, 1, 0.5),
            new Evidence.Difference(-10, -60, 40, Optional.empty()),
            new Evidence.Loss(Optional.empty(), OptionalDouble.empty(), false, false),
            new Evidence.Scale(1, 10),
            0.25,
            new Evidence.Reach(55, OptionalLong.empty(), OptionalLong.empty()));

    assertWritten(
        evidence,
        "{\"method\":\"sequence\",\"items\":10,\"bothRight\":4,\"losses\":3,\"gains\":2,\"bothWrong\":1,"
            + "\"clusters\":10,\"designEffect\":1.0,\"flipRate\":0.5,\"deltaPoints\":-10.0,"
            + "\"lowerPoints\":-60.0,\"upperPoints\":40.0,\"realLoss\":false,\"beyondMargin\":false,"
            + "\"marginPoints\":1.0,\"itemPoints\":10.0,\"baselineLowerBound\":0.25,"
            + "\"visibleLossPoints\":55.0}");
  }

  private static void assertWritten(Evidence evidence, String text) {
    assertThat(Json.lines().writeValueAsString(evidence)).isEqualTo(text);
    assertThat(Json.lines().readValue(text, Evidence.class)).isEqualTo(evidence);
  }
}
