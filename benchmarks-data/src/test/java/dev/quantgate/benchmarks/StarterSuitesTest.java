package dev.quantgate.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.benchmarks.SuiteData.CodeProblem;
import dev.quantgate.benchmarks.SuiteData.ExamQuestion;
import dev.quantgate.benchmarks.SuiteData.Label;
import dev.quantgate.benchmarks.SuiteData.SentencePair;
import dev.quantgate.benchmarks.SuiteData.Subject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The content of the bundled suites, read as their users read it. That canonical solutions pass and
 * stubs fail is shown where a sandbox is at hand, by the command line's StarterCodeTest.
 */
class StarterSuitesTest {
  private static final DataOptions NO_FILES = new DataOptions(Optional.empty(), false);

  private final List<CodeProblem> problems =
      ((SuiteData.Code) BenchmarkData.load("starter-code", NO_FILES)).problems();
  private final List<SentencePair> pairs =
      ((SuiteData.Pairs) BenchmarkData.load("starter-nli", NO_FILES)).pairs();
  private final SuiteData.Exam exam = (SuiteData.Exam) BenchmarkData.load("starter-exam", NO_FILES);

  @Test
  void theSuitesAreAsLargeAsPromised() {
    assertThat(problems).hasSizeGreaterThanOrEqualTo(60);
    assertThat(pairs).hasSizeGreaterThanOrEqualTo(150);
    assertThat(exam.questions()).hasSizeGreaterThanOrEqualTo(150);
    assertThat(exam.subjects()).hasSizeGreaterThanOrEqualTo(8);
  }

  @Test
  void problemsAreNumberedInOrder() {
    for (int i = 0; i < problems.size(); i++) {
      assertThat(problems.get(i).id()).isEqualTo("StarterCode/" + i);
    }
  }

  @Test
  void everyPromptDefinesItsEntryPointAndShowsAnExampleOfIt() {
    assertThat(problems)
        .allSatisfy(p -> {
          assertThat(p.prompt()).startsWith("def " + p.entryPoint() + "(").endsWith("    \"\"\"\n");
          assertThat(p.prompt()).contains(">>> " + p.entryPoint() + "(");
          assertThat(p.prompt()).doesNotContain("\t");
        });
  }

  @Test
  void everySolutionIsABodyAndEveryTestCallsItsCandidateOften() {
    assertThat(problems)
        .allSatisfy(p -> {
          assertThat(p.canonicalSolution().lines()).allMatch(line -> line.startsWith("    "));
          assertThat(p.canonicalSolution()).contains("return ").endsWith("\n");
          assertThat(p.test()).contains("def check(candidate):\n");
          assertThat(p.test().split("candidate\\(", -1).length - 1).isGreaterThanOrEqualTo(3);
        });
  }

  @Test
  void noTestRepeatsAnExampleOfItsPrompt() {
    assertThat(problems)
        .allSatisfy(p -> {
          String call =
              p.prompt()
                  .split(">>> " + Pattern.quote(p.entryPoint()), 2)[1]
                  .lines()
                  .findFirst()
                  .orElseThrow();
          assertThat(p.test()).doesNotContain("candidate" + call + " ");
        });
  }

  @Test
  void noTwoProblemsAskForTheSameUpToTheirConstants() {
    assertThat(duplicates(problems, CodeProblem::entryPoint)).isEmpty();
    assertThat(duplicates(problems, p -> withoutConstants(docstring(p)))).isEmpty();
    assertThat(duplicates(problems, p -> withoutConstants(p.canonicalSolution()))).isEmpty();
  }

  @Test
  void noTestCanBePassedByAConstant() {
    assertThat(problems)
        .allSatisfy(p -> {
          var results =
              p.test()
                  .lines()
                  .filter(line -> line.contains("assert"))
                  .map(line -> line.replaceFirst(".*\\) (?:==|is|-) ", ""))
                  .collect(Collectors.toSet());
          assertThat(results).as(p.id()).hasSizeGreaterThanOrEqualTo(2);
        });
  }

  @Test
  void labelsOfPairsAreBalanced() {
    var counts =
        pairs.stream().collect(Collectors.groupingBy(SentencePair::label, Collectors.counting()));
    assertThat(counts.keySet()).containsExactlyInAnyOrder(Label.values());
    assertThat(counts.values().stream().distinct()).hasSize(1);
  }

  @Test
  void noSentencePairComesTwice() {
    assertThat(duplicates(pairs, p -> letters(p.first()) + "|" + letters(p.second()))).isEmpty();
    assertThat(duplicates(pairs, p -> sortedLetters(p.first() + p.second()) + p.label())).isEmpty();
    assertThat(pairs).noneMatch(p -> letters(p.first()).equals(letters(p.second())));
  }

  @Test
  void sentencesAreChineseAndEndAsSentencesDo() {
    assertThat(pairs)
        .allSatisfy(p -> {
          for (String sentence : List.of(p.first(), p.second())) {
            assertThat(sentence).endsWith("。").hasSizeBetween(5, 60);
            assertThat(sentence).matches("[\\p{IsHan}，。、？！“”：]+");
          }
        });
  }

  @Test
  void aNegationAloneDoesNotGiveAContradictionAway() {
    long negated =
        pairs.stream().filter(p -> p.second().contains("没") || p.second().contains("不")).count();
    long contradicting =
        pairs.stream()
            .filter(p -> p.second().contains("没") || p.second().contains("不"))
            .filter(p -> p.label() == Label.CONTRADICTION)
            .count();
    assertThat(negated).isGreaterThan(20);
    assertThat((double) contradicting / negated).isLessThan(0.8);
  }

  @Test
  void everySubjectHasFiveDemosAndTwentyQuestionsWithAnswersSpreadEvenly() {
    var bySubject = exam.questions().stream().collect(Collectors.groupingBy(ExamQuestion::subject));
    assertThat(bySubject.keySet()).isEqualTo(exam.demos().keySet());
    assertThat(exam.subjects())
        .allSatisfy(s -> {
          assertThat(exam.demos().get(s.key()))
              .hasSize(5)
              .noneMatch(d -> d.explanation().isBlank());
          assertThat(bySubject.get(s.key())).hasSize(20);
          for (int answer = 0; answer < 4; answer++) {
            int wanted = answer;
            assertThat(bySubject.get(s.key())).filteredOn(q -> q.answer() == wanted).hasSize(5);
          }
        });
  }

  @Test
  void subjectsCoverAllCategories() {
    assertThat(exam.subjects().stream().map(Subject::category).collect(Collectors.toSet()))
        .containsExactlyInAnyOrder("STEM", "Social Science", "Humanities", "Other");
  }

  @Test
  void choicesDifferAndNoQuestionComesTwiceNotEvenAsADemo() {
    var all = new ArrayList<>(exam.questions());
    exam.demos().values().forEach(all::addAll);
    assertThat(all)
        .allSatisfy(q ->
            assertThat(q.choices()).hasSize(4).doesNotHaveDuplicates().noneMatch(String::isBlank));
    assertThat(duplicates(all, q -> q.subject() + letters(q.question()))).isEmpty();
  }

  @Test
  void sumsDifferencesAndProductsAreRight() {
    var sum = Pattern.compile("(\\d+) ([+×-]) (\\d+) 等于多少？");
    int checked = 0;
    for (ExamQuestion q : exam.questions()) {
      var m = sum.matcher(q.question());
      if (m.matches()) {
        int a = Integer.parseInt(m.group(1));
        int b = Integer.parseInt(m.group(3));
        int result =
            switch (m.group(2)) {
              case "+" -> a + b;
              case "-" -> a - b;
              default -> a * b;
            };
        assertThat(q.choices().get(q.answer())).as(q.id()).isEqualTo(Integer.toString(result));
        checked++;
      }
    }
    assertThat(checked).isGreaterThanOrEqualTo(3);
  }

  private static String docstring(CodeProblem p) {
    return p.prompt()
        .split("\"\"\"", 3)[1]
        .lines()
        .findFirst()
        .orElseThrow()
        .replaceFirst("^(?:Return|Compute) ", "");
  }

  private static String withoutConstants(String text) {
    return text.replaceAll("'[a-z]'", "'?'").replaceAll("\\b\\d+\\b", "0").replaceAll("\\s+", " ");
  }

  /** Letters and digits only. */
  private static String letters(String text) {
    return text.replaceAll("[^\\p{L}\\p{N}×+-]", "");
  }

  private static String sortedLetters(String text) {
    return letters(text)
        .chars()
        .sorted()
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  private static <T> Map<String, Long> duplicates(Collection<T> items, Function<T, String> key) {
    assertThat(items).isNotEmpty();
    var counts =
        items.stream().collect(Collectors.groupingBy(key, TreeMap::new, Collectors.counting()));
    counts.values().removeIf(count -> count == 1);
    return counts;
  }
}
