package dev.quantgate.evaluation.suite;

import dev.quantgate.benchmarks.BenchmarkData;
import dev.quantgate.benchmarks.SuiteNames;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.protocol.SuiteProvider;
import java.util.List;

/** The suites that the program knows by itself: the official ones, then the bundled ones. */
public final class StandardSuites implements SuiteProvider {
  @Override
  public List<Suite<?>> suites() {
    return List.of(
        new CodeSuite(
            SuiteNames.HUMANEVAL,
            "HumanEval: 164 Python problems with tests",
            BenchmarkData::humaneval),
        new PairSuite(
            SuiteNames.CMNLI,
            "CMNLI (dev): 12,241 Chinese sentence pairs of three relations",
            BenchmarkData::cmnli),
        new ExamSuite(
            SuiteNames.CEVAL,
            "C-Eval (val): 1,346 Chinese four-choice questions of 52 subjects",
            BenchmarkData::ceval),
        new ExamSuite(
            SuiteNames.CEVAL_TEST,
            "C-Eval (test): 12,342 of the same, where the file has their answers",
            BenchmarkData::cevalTest),
        new CodeSuite(
            SuiteNames.STARTER_CODE,
            "bundled: Python problems in HumanEval's form",
            options -> BenchmarkData.starterCode()),
        new PairSuite(
            SuiteNames.STARTER_NLI,
            "bundled: sentence pairs in CMNLI's form",
            options -> BenchmarkData.starterNli()),
        new ExamSuite(
            SuiteNames.STARTER_EXAM,
            "bundled: four-choice questions in C-Eval's form",
            options -> BenchmarkData.starterExam()));
  }
}
