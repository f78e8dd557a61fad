package dev.quantgate.benchmarks;

/** What the suites whose data this module reads are called, by users, files and results. */
public final class SuiteNames {
  public static final String HUMANEVAL = "humaneval";
  public static final String CMNLI = "cmnli";
  public static final String CEVAL = "ceval";
  public static final String CEVAL_TEST = "ceval-test";
  public static final String STARTER_CODE = "starter-code";
  public static final String STARTER_NLI = "starter-nli";
  public static final String STARTER_EXAM = "starter-exam";

  private SuiteNames() {}
}
