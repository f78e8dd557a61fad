package dev.quantgate.evaluation.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.benchmarks.BenchmarkData;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.evaluation.protocol.Item;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Metric;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.protocol.SuiteItems;
import java.util.List;
import org.junit.jupiter.api.Test;

class SuitesTest {
  private static List<String> variants(String suite) {
    return Suites.find(suite).protocols().stream().map(Suite.Variant::name).toList();
  }

  @Test
  void everySuiteWhoseDataIsKnownIsFoundByItsName() {
    assertThat(Suites.all()).<String>extracting(Suite::name).isEqualTo(BenchmarkData.suites());
    for (String name : BenchmarkData.suites()) {
      assertThat(Suites.find(name).name()).isEqualTo(name);
    }
  }

  @Test
  void everyProtocolHasALineAndAnIdThatEndsInItsName() {
    assertThat(variants("ceval"))
        .containsExactly(
            "official-5shot",
            "official-0shot",
            "official-cot",
            "opencompass-ppl",
            "opencompass-gen",
            "lm-eval",
            "lm-eval-5shot",
            "cloze");
    assertThat(variants("humaneval"))
        .containsExactly("base", "bigcode", "instruct", "opencompass", "codefuse")
        .isEqualTo(variants("starter-code"));
    assertThat(variants("cmnli")).containsExactly("ppl-fdc6de", "ppl-ef69e7", "gen-1abf97");
    for (Suite<?> suite : Suites.all()) {
      assertThat(suite.description()).isNotBlank();
      for (Suite.Variant variant : suite.protocols()) {
        assertThat(variant.description()).isNotBlank().hasLineCount(1);
        assertThat(suite.protocol(variant.name(), Layout.OPENAI).id())
            .endsWith("/" + variant.name());
      }
    }
  }

  @Test
  void unknownNamesAreAnsweredWithTheKnownOnesAndWithTheOneThatWasMeant() {
    assertThatThrownBy(() -> Suites.find("mmlu"))
        .hasMessageContainingAll("unknown suite \"mmlu\"; known: humaneval", "starter-exam");
    assertThatThrownBy(() -> Suites.find("humanevla"))
        .hasMessageContaining("unknown suite \"humanevla\", did you mean \"humaneval\"?; known:");
    assertThatThrownBy(() -> Suites.find("ceval").protocol("mine", Layout.OPENAI))
        .hasMessageContainingAll(
            "unknown protocol \"mine\" for ceval; known: official-5shot", "cloze");
    assertThatThrownBy(() -> Suites.find("ceval").protocol("lm_eval", Layout.OPENAI))
        .hasMessageContaining("did you mean \"lm-eval\"?");
  }

  @Test
  void theBundledSuitesTellWhatStatisticsNeedToKnow() {
    var code = load("starter-code");
    assertThat(Suites.find("starter-code").metric()).isEqualTo(Metric.PROGRAM);
    assertThat(code.subjects()).isEmpty();
    assertThat(code.items())
        .isNotEmpty()
        .allSatisfy(item -> {
          assertThat(item.stratum()).isEmpty();
          assertThat(item.cluster()).isEqualTo(item.id());
          assertThat(item.chance()).isZero();
        });
    var pairs = load("starter-nli");
    assertThat(pairs.items())
        .<String>extracting(Item::stratum)
        .contains("CONTRADICTION", "ENTAILMENT", "NEUTRAL");
    assertThat(pairs.items()).allSatisfy(item -> assertThat(item.chance()).isEqualTo(1.0 / 3));
    var exam = load("starter-exam");
    assertThat(exam.subjects()).isNotEmpty();
    assertThat(exam.items())
        .allSatisfy(item -> {
          assertThat(item.id()).startsWith(item.stratum() + "/");
          assertThat(item.cluster()).isEqualTo(item.stratum());
          assertThat(item.choices()).isEqualTo(4);
        });
  }

  @Test
  void pairsWithOnePremiseAreOneCluster() {
    var items = load("starter-nli").items();
    var byPremise =
        BenchmarkData.starterNli().pairs().stream()
            .collect(java.util.stream.Collectors.groupingBy(pair -> pair.first()));
    assertThat(items.stream().map(Item::cluster).distinct()).hasSize(byPremise.size());
  }

  private static SuiteItems<?> load(String suite) {
    return Suites.find(suite).load(DataOptions.standard());
  }
}
