package dev.quantgate.evaluation.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.Fixtures;
import dev.quantgate.evaluation.TwoModels;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.StopOrder;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Of a run that stopped when it was decided it is recomputed what was planned, which items come
 * first, and at which look it was decided: whoever leaves out what was lost is found, even where
 * every number and every checksum was made anew.
 */
class StoppedRunVerifierTest {
  private static final int ITEMS = 1200;
  private static final Pattern ID = Pattern.compile("\"id\":\"(\\d+)\"");
  private static final List<String> RECORDS = List.of("cmnli.jsonl", "cmnli.timings.jsonl");

  @TempDir Path folder;
  private final Fixtures fixtures = new Fixtures().pairs("cmnli", ITEMS);
  private TwoModels models;
  private Forgery result;

  @BeforeEach
  void models() {
    models = TwoModels.in(folder);
    fixtures.model(models.fp16()).model(models.int4());
    result = new Forgery(folder.resolve("out"));
  }

  private Comparison run(RunPlan plan, GatePolicy policy) {
    return fixtures
        .quantGate()
        .run(
            models.untilDecided(plan, RunEnvironment.defaults(), policy, result.out()),
            Progress.Listener.NONE);
  }

  private Comparison run() {
    return run(RunPlan.of("cmnli"), GatePolicy.DEFAULT);
  }

  private void loseATenth() {
    fixtures.model(models.int4(), TwoModels.everyTenth(ITEMS));
  }

  private Verification verify() {
    return fixtures.quantGate().verify(result.out(), VerifyRequest.standard());
  }

  private List<String> found() {
    return verify().differences().stream().map(Difference::toString).toList();
  }

  private List<Question> questions(RunPlan plan) {
    return SuiteTask.of(fixtures.doors(), plan, "cmnli").questions(false);
  }

  /** Leaves items out of some files of both runs, and of what was planned to be asked nothing. */
  private void keep(Predicate<String> ids, List<String> files) throws IOException {
    for (String file : files) {
      result.changeBoth(file, text -> kept(ids, text));
    }
    String items =
        RunFolder.items(
            Files.readAllLines(result.out().resolve("candidate/cmnli.jsonl")).stream()
                .map(StoppedRunVerifierTest::id)
                .toList());
    result.changeBoth(
        "provenance.json",
        text -> text.replaceFirst("(\"items\" : \")[^\"]*", "$1%s".formatted(items)));
    result.change("prompts/cmnli.jsonl", text -> kept(ids, text));
  }

  private static String kept(Predicate<String> ids, String text) {
    return text.lines()
        .filter(line -> ids.test(id(line)))
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private static String id(String line) {
    Matcher id = ID.matcher(line);
    assertThat(id.find()).as(line).isTrue();
    return id.group(1);
  }

  private static boolean lost(String id) {
    return Integer.parseInt(id) % 10 == 0;
  }

  @Test
  void aStoppedRunAsItWasWrittenIsSound() {
    Comparison comparison = run();
    int asked = comparison.suites().getFirst().asked();

    Verification verification = verify();

    assertThat(asked).isLessThan(ITEMS);
    assertThat(verification.differences()).isEmpty();
    assertThat(verification.sound()).isTrue();
    assertThat(verification.left())
        .allMatch(line -> line.contains("the sums of the model's files"));
    assertThat(verification.recomputed())
        .contains("candidate: cmnli: %d records and times from journals and data".formatted(asked));
  }

  @Test
  void aLimitedStoppedRunIsSoundToo() {
    run(RunPlan.of("cmnli").withLimit(700), GatePolicy.DEFAULT);

    assertThat(verify().differences()).isEmpty();
    assertThat(verify().sound()).isTrue();
  }

  @Test
  void whatWasLostAndLeftOutOfTheRecordsStandsInTheJournal() throws IOException {
    loseATenth();
    run();
    keep(id -> !lost(id), RECORDS);
    Comparison forged = result.judge(GatePolicy.DEFAULT);

    assertThat(forged.suites().getFirst().losses()).isZero();
    assertThat(found())
        .anyMatch(line ->
            line.matches(
                "candidate/journal/cmnli.answers.jsonl, line \\d+, id: found \\d*0, expected an item that has a record \\(by the records\\)"));
  }

  @Test
  void whatWasLostAndLeftOutOfTheJournalTooIsMissingInTheOrder() throws IOException {
    loseATenth();
    run();
    keep(
        id -> !lost(id),
        List.of("cmnli.jsonl", "cmnli.timings.jsonl", "journal/cmnli.answers.jsonl"));
    Comparison forged = result.judge(GatePolicy.DEFAULT);

    assertThat(forged.suites().getFirst().losses()).isZero();
    assertThat(found())
        .anyMatch(line ->
            line.matches(
                "candidate/cmnli.jsonl, item \\d*0: found nothing, expected a record \\(by the order of its seed, whose first \\d+ items are asked\\)"));
  }

  @Test
  void moreItemsThanWerePlannedAreFound() throws IOException {
    RunPlan limited = RunPlan.of("cmnli").withLimit(700);
    assertThat(run(limited, GatePolicy.DEFAULT).proven()).isFalse();
    result.changeBoth(
        "provenance.json", text -> text.replace("\"planned\" : 700", "\"planned\" : 1200"));
    assertThat(result.judge(GatePolicy.DEFAULT).proven()).isTrue();

    assertThat(found())
        .hasSize(2)
        .allSatisfy(line ->
            assertThat(line)
                .contains("provenance.json, suites.cmnli.stopping: found Stopping[planned=1200")
                .contains("expected Stopping[planned=700"));
  }

  @Test
  void aLimitThatWasTakenAwayInEveryPlaceIsFoundByTheOrder() throws IOException {
    RunPlan limited = RunPlan.of("cmnli").withLimit(700);
    run(limited, GatePolicy.DEFAULT);
    List<Question> drawn = questions(limited);
    List<Question> all = questions(RunPlan.of("cmnli"));
    result.changeBoth(
        "provenance.json", text -> text.replace("\"planned\" : 700", "\"planned\" : 1200"));
    result.changeBoth(
        "identity.json",
        text ->
            text.replace(items(drawn), items(all)).replace(Prompts.hash(drawn), Prompts.hash(all)));
    assertThat(result.judge(GatePolicy.DEFAULT).proven()).isTrue();

    assertThat(found()).isNotEmpty().allMatch(line -> line.contains("(by the order of its seed"));
  }

  private static String items(List<Question> questions) {
    return RunFolder.items(questions.stream().map(Question::id).toList());
  }

  @Test
  void anotherLargestClusterAndAnotherSeedAreFound() throws IOException {
    run();
    result.changeBoth(
        "provenance.json",
        text -> text.replace("\"largestCluster\" : 1", "\"largestCluster\" : 2"));
    result.judge(GatePolicy.DEFAULT);
    assertThat(found()).anyMatch(line -> line.contains("largestCluster=2"));

    result.changeBoth("identity.json", text -> text.replaceFirst("by seed \\d+", "by seed 4711"));
    result.judge(GatePolicy.DEFAULT);
    assertThat(found()).anyMatch(line -> line.contains("(by the order of its seed"));
  }

  @Test
  void aStopBeforeAnythingIsDecidedIsFound() throws IOException {
    int asked = run().suites().getFirst().asked();
    RunPlan plan = RunPlan.of("cmnli");
    Set<String> first =
        StopOrder.blocks("cmnli", questions(plan), plan.seed()).stream()
            .limit(asked / 32 - 1)
            .flatMap(List::stream)
            .map(Question::id)
            .collect(Collectors.toSet());
    keep(
        first::contains,
        List.of("cmnli.jsonl", "cmnli.timings.jsonl", "journal/cmnli.answers.jsonl"));
    result.judge(GatePolicy.DEFAULT);

    assertThat(found())
        .containsExactly(
            "candidate/provenance.json, suites.cmnli.stopping: found %d of 1200 items, expected more, as these decide nothing (by the bounds at each look)"
                .formatted(asked - 32));
  }

  @Test
  void aStopAfterTheLookThatDecidedIsFound() throws IOException {
    int decided = run().suites().getFirst().asked();
    result = new Forgery(folder.resolve("later"));
    var narrow = new GatePolicy(0.5, OnInconclusive.POINT);
    int asked = run(RunPlan.of("cmnli"), narrow).suites().getFirst().asked();
    assertThat(asked).isGreaterThan(decided);
    assertThat(verify().sound()).isTrue();
    result.changeBoth("identity.json", text -> text.replace("0.5 absolute", "1.0 absolute"));
    result.judge(GatePolicy.DEFAULT);

    assertThat(found())
        .containsExactly(
            "candidate/provenance.json, suites.cmnli.stopping: found %d of 1200 items, expected %d, which decide it (by the bounds at each look)"
                .formatted(asked, decided));
  }

  @Test
  void byAnotherMarginItIsSaidThatTheLooksWereNotRecomputed() {
    run();
    result.judge(new GatePolicy(0.9, OnInconclusive.POINT));

    Verification verification = verify();

    assertThat(verification.sound()).isTrue();
    assertThat(verification.left())
        .anyMatch(
            line -> line.startsWith("candidate: cmnli: that it was decided at its last look"));
  }

  @Test
  void aRunThatSaysItWasAskedWholeAndLacksItemsIsFound() throws IOException {
    loseATenth();
    run();
    for (String side : Forgery.SIDES) {
      String asked =
          RunFolder.items(
              Files.readAllLines(result.out().resolve(side).resolve("cmnli.jsonl")).stream()
                  .map(StoppedRunVerifierTest::id)
                  .toList());
      result.change(
          side + "/identity.json",
          text ->
              text.replaceFirst("\\s*\"suite.cmnli.order\"[^,]*,", "")
                  .replaceFirst("(suite.cmnli.items\" : \")[^\"]*", "$1%s".formatted(asked)));
    }
    result.judge(GatePolicy.DEFAULT);

    assertThat(found())
        .anyMatch(line ->
            line.startsWith("candidate/provenance.json, suites.cmnli.stopping: found Stopping[")
                && line.contains("expected nothing"));
  }
}
