package dev.quantgate.junit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs test classes as Gradle and IDEs do; says how each test ended, exits 1 if one failed. */
final class LauncherMain {
  private LauncherMain() {}

  public static void main(String[] classes) {
    var request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(Arrays.stream(classes).map(DiscoverySelectors::selectClass).toList())
            .build();
    var told = new Told();
    LauncherFactory.create().execute(request, told);
    System.out.printf(
        "%d passed, %d failed, %d aborted%n",
        told.passed.get(), told.failed.get(), told.aborted.get());
    System.exit(told.failed.get() == 0 && told.passed.get() > 0 ? 0 : 1);
  }

  private static final class Told implements TestExecutionListener {
    private final AtomicInteger passed = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicInteger aborted = new AtomicInteger();
    private @Nullable TestPlan plan;

    @Override
    public void testPlanExecutionStarted(TestPlan started) {
      plan = started;
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      switch (result.getStatus()) {
        case SUCCESSFUL -> {
          if (test.isTest()) {
            passed.incrementAndGet();
          }
        }
        case ABORTED -> tell("ABORTED", aborted, test, result);
        case FAILED -> tell("FAILED", failed, test, result);
      }
    }

    private void tell(
        String how, AtomicInteger counter, TestIdentifier test, TestExecutionResult result) {
      counter.incrementAndGet();
      System.out.printf(
          "%s %s%n%s%n",
          how, path(test), result.getThrowable().map(Throwable::getMessage).orElse(""));
    }

    /** Below the factory's own container. */
    private String path(TestIdentifier test) {
      TestPlan started = Objects.requireNonNull(plan);
      List<String> names = new ArrayList<>();
      for (TestIdentifier each = test; each.getUniqueIdObject().getSegments().size() > 3; ) {
        names.addFirst(each.getDisplayName());
        each = started.getTestIdentifier(each.getParentIdObject().orElseThrow());
      }
      return String.join(" > ", names);
    }
  }
}
